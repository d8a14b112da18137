using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Optimization;

/// <summary>Values that a transform is created from; the same for every element of a segment.</summary>
/// <param name="Spec">The resolved specification.</param>
/// <param name="Scalars">Scalars of the step.</param>
/// <param name="ClipFactor">Factor that keeps the norm of the gradient within its limit; at most 1.</param>
/// <param name="IsWeight">Whether the segment belongs to a weight tensor.</param>
internal readonly record struct TransformContext(OptimizerSpec Spec, StepScalars Scalars, float ClipFactor, bool IsWeight);

/// <summary>
/// One link of an optimizer (the gradient transformation of optax): maps the update of parameters to another update and may
/// keep state. Element-wise, with IEEE +, -, ·, / and √ only and never a fused multiply-add, so that any vector width gives the
/// same bits. Links are structs, so that a chain compiles to one loop.
/// </summary>
internal interface ITransform<TSelf>
    where TSelf : struct, ITransform<TSelf>
{
    /// <summary>Number of state buffers: 0, 1 or 2.</summary>
    static abstract int StateCount { get; }

    /// <summary>Names of the state buffers in a checkpoint.</summary>
    static abstract ImmutableArray<string> StateNames { get; }

    /// <summary>The transform of one step for one segment.</summary>
    static abstract TSelf At(in TransformContext context);

    /// <summary>The new update of one vector of parameters. Replaces the state that the transform owns.</summary>
    Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1);
}

/// <summary>
/// One transform after the other. The state of the second follows that of the first; both together have at most two buffers.
/// </summary>
internal readonly struct Chain<TFirst, TSecond>(TFirst first, TSecond second) : ITransform<Chain<TFirst, TSecond>>
    where TFirst : struct, ITransform<TFirst>
    where TSecond : struct, ITransform<TSecond>
{
    private readonly TFirst _first = first;
    private readonly TSecond _second = second;

    public static int StateCount
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFirst.StateCount + TSecond.StateCount;
    }

    public static ImmutableArray<string> StateNames => [.. TFirst.StateNames, .. TSecond.StateNames];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Chain<TFirst, TSecond> At(in TransformContext context) => new(TFirst.At(context), TSecond.At(context));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        Vector<float> between = _first.Apply(update, parameters, ref slot0, ref slot1);
        return TFirst.StateCount == 0
            ? _second.Apply(between, parameters, ref slot0, ref slot1)
            : _second.Apply(between, parameters, ref slot1, ref slot0);
    }
}
