using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Optimization;

/// <summary>What a transform is made from, the same for every element of a segment.</summary>
/// <param name="Spec">The resolved specification.</param>
/// <param name="Scalars">The step's scalars.</param>
/// <param name="ClipFactor">What the gradient is multiplied by so that its norm stays within the limit.</param>
/// <param name="IsWeight">Whether the segment belongs to a weight tensor.</param>
internal readonly record struct TransformContext(OptimizerSpec Spec, StepScalars Scalars, float ClipFactor, bool IsWeight);

/// <summary>
/// One link of an optimizer: turns the update of some parameters into another one and may keep state in states
/// (the gradient transformation of optax). Element-wise, with IEEE +, -, ·, / and √ only and never a fused
/// multiply-add, so any vector width gives the same bits. Links are structs, so a chain compiles to one loop.
/// </summary>
internal interface ITransform<TSelf>
    where TSelf : struct, ITransform<TSelf>
{
    /// <summary>The number of states: 0, 1 or 2.</summary>
    static abstract int StateCount { get; }

    /// <summary>Names of the states in a checkpoint.</summary>
    static abstract ImmutableArray<string> StateNames { get; }

    /// <summary>The transform of one step for one segment.</summary>
    static abstract TSelf At(in TransformContext context);

    /// <summary>The new update of one vector of parameters; states it owns are replaced in place.</summary>
    Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1);
}

/// <summary>First one transform, then the other. The second one's states come after the first one's.</summary>
internal readonly struct Then<TFirst, TSecond>(TFirst first, TSecond second) : ITransform<Then<TFirst, TSecond>>
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
    public static Then<TFirst, TSecond> At(in TransformContext context) => new(TFirst.At(context), TSecond.At(context));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        Vector<float> between = _first.Apply(update, parameters, ref slot0, ref slot1);
        return TFirst.StateCount == 0
            ? _second.Apply(between, parameters, ref slot0, ref slot1)
            : _second.Apply(between, parameters, ref slot1, ref slot0);
    }
}
