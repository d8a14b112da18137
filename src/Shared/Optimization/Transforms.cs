using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Optimization;

/// <summary>u ← u · min(1, c / (‖g‖₂ + 1e-6)) (Pascanu et al. 2013; PyTorch's <c>clip_grad_norm_</c>).</summary>
internal readonly struct ClipByGlobalNorm(float factor) : ITransform<ClipByGlobalNorm>
{
    private readonly Vector<float> _factor = new(factor);

    public static int StateCount => 0;

    public static ImmutableArray<string> StateNames => [];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ClipByGlobalNorm At(in TransformContext context) => new(context.ClipFactor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1) =>
        update * _factor;
}

/// <summary>
/// m ← β₁m + (1-β₁)u; v ← β₂v + (1-β₂)u²; u ← m̂ / (√v̂ + ε) with m̂ = m / (1-β₁ᵗ), v̂ = v / (1-β₂ᵗ)
/// (Kingma and Ba 2015, algorithm 1).
/// </summary>
internal readonly struct ScaleByAdam(double beta1, double beta2, double correction1, double correction2, double epsilon)
    : ITransform<ScaleByAdam>
{
    private readonly Vector<float> _beta1 = new((float)beta1);
    private readonly Vector<float> _rest1 = new((float)(1 - beta1));
    private readonly Vector<float> _beta2 = new((float)beta2);
    private readonly Vector<float> _rest2 = new((float)(1 - beta2));
    private readonly Vector<float> _scaleM = new((float)(1 / correction1));
    private readonly Vector<float> _scaleRootV = new((float)(1 / Math.Sqrt(correction2)));
    private readonly Vector<float> _epsilon = new((float)epsilon);

    public static int StateCount => 2;

    public static ImmutableArray<string> StateNames => ["adam.m", "adam.v"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScaleByAdam At(in TransformContext context) => new(context.Spec.Beta1!.Value, context.Spec.Beta2!.Value,
        context.Scalars.BiasCorrection1, context.Scalars.BiasCorrection2, context.Spec.Epsilon!.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        slot0 = Subnormals.Flush((slot0 * _beta1) + (update * _rest1));
        slot1 = Subnormals.Flush((slot1 * _beta2) + (update * _rest2 * update));
        return slot0 * _scaleM / ((Vector.SquareRoot(slot1) * _scaleRootV) + _epsilon);
    }
}

/// <summary>b ← μb + u; u ← b (Polyak 1964; PyTorch's SGD with momentum, no dampening).</summary>
internal readonly struct Trace(double momentum) : ITransform<Trace>
{
    private readonly Vector<float> _momentum = new((float)momentum);

    public static int StateCount => 1;

    public static ImmutableArray<string> StateNames => ["momentum.buffer"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Trace At(in TransformContext context) => new(context.Spec.Momentum!.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1) =>
        slot0 = Subnormals.Flush((slot0 * _momentum) + update);
}

/// <summary>b ← μb + u; u ← u + μb (Sutskever et al. 2013; PyTorch's SGD with <c>nesterov=True</c>).</summary>
internal readonly struct NesterovTrace(double momentum) : ITransform<NesterovTrace>
{
    private readonly Vector<float> _momentum = new((float)momentum);

    public static int StateCount => 1;

    public static ImmutableArray<string> StateNames => ["momentum.buffer"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NesterovTrace At(in TransformContext context) => new(context.Spec.Momentum!.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        slot0 = Subnormals.Flush((slot0 * _momentum) + update);
        return update + (slot0 * _momentum);
    }
}

/// <summary>v ← ρv + (1-ρ)u²; u ← u / (√v + ε) (Tieleman and Hinton 2012; ε outside the root as in PyTorch).</summary>
internal readonly struct ScaleByRms(double rho, double epsilon) : ITransform<ScaleByRms>
{
    private readonly Vector<float> _rho = new((float)rho);
    private readonly Vector<float> _rest = new((float)(1 - rho));
    private readonly Vector<float> _epsilon = new((float)epsilon);

    public static int StateCount => 1;

    public static ImmutableArray<string> StateNames => ["rmsprop.v"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScaleByRms At(in TransformContext context) => new(context.Spec.Rho!.Value, context.Spec.Epsilon!.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        slot0 = Subnormals.Flush((slot0 * _rho) + (update * _rest * update));
        return update / (Vector.SquareRoot(slot0) + _epsilon);
    }
}

/// <summary>s ← s + u²; u ← u / (√s + ε) (Duchi et al. 2011).</summary>
internal readonly struct ScaleByAccumulatedSquares(double epsilon) : ITransform<ScaleByAccumulatedSquares>
{
    private readonly Vector<float> _epsilon = new((float)epsilon);

    public static int StateCount => 1;

    public static ImmutableArray<string> StateNames => ["adagrad.sum"];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScaleByAccumulatedSquares At(in TransformContext context) => new(context.Spec.Epsilon!.Value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1)
    {
        slot0 += update * update;
        return update / (Vector.SquareRoot(slot0) + _epsilon);
    }
}

/// <summary>u ← u + λw on weights (Loshchilov and Hutter 2019); on all other parameters λ is 0.</summary>
internal readonly struct AddDecayedWeights(double weightDecay) : ITransform<AddDecayedWeights>
{
    private readonly Vector<float> _weightDecay = new((float)weightDecay);

    public static int StateCount => 0;

    public static ImmutableArray<string> StateNames => [];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static AddDecayedWeights At(in TransformContext context) => new(context.IsWeight ? context.Spec.WeightDecay!.Value : 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1) =>
        update + (parameters * _weightDecay);
}

/// <summary>u ← -ηu, the end of every chain: what is added to the parameters.</summary>
internal readonly struct ScaleByLearningRate(double learningRate) : ITransform<ScaleByLearningRate>
{
    private readonly Vector<float> _factor = new((float)-learningRate);

    public static int StateCount => 0;

    public static ImmutableArray<string> StateNames => [];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ScaleByLearningRate At(in TransformContext context) => new(context.Scalars.LearningRate);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Apply(Vector<float> update, Vector<float> parameters, ref Vector<float> slot0, ref Vector<float> slot1) =>
        update * _factor;
}
