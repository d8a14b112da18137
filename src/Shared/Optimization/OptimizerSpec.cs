namespace NnCluster.Optimization;

/// <summary>
/// How the parameters are updated: the optimizer, its schedule and the regularisation. <see cref="Resolve"/> replaces null
/// by the default of the optimizer. A value that the optimizer does not use must stay null.
/// </summary>
public sealed record OptimizerSpec
{
    /// <summary>The optimizer.</summary>
    public OptimizerKind Kind { get; init; }

    /// <summary>
    /// The learning rate; for one-cycle its peak. Default: 0.001 for adam, adamw and rmsprop, 0.01 for adagrad,
    /// momentum and nesterov, 0.1 for sgd.
    /// </summary>
    public double? LearningRate { get; init; }

    /// <summary>Curve of the learning rate. Momentum and β₁ stay constant (PyTorch's <c>cycle_momentum=False</c>).</summary>
    public ScheduleKind Schedule { get; init; }

    /// <summary>adam, adamw: the decay of the mean of the gradients, in [0, 1). Default 0.9.</summary>
    public double? Beta1 { get; init; }

    /// <summary>adam, adamw: the decay of the mean of the squared gradients, in [0, 1). Default 0.999.</summary>
    public double? Beta2 { get; init; }

    /// <summary>adam, adamw, rmsprop (default 1e-8), adagrad (1e-10): added to the root in the denominator; above 0.</summary>
    public double? Epsilon { get; init; }

    /// <summary>momentum, nesterov: the decay of the buffer, in [0, 1). Default 0.9.</summary>
    public double? Momentum { get; init; }

    /// <summary>rmsprop: the decay of the mean of the squared gradients (PyTorch's alpha), in [0, 1). Default 0.99.</summary>
    public double? Rho { get; init; }

    /// <summary>
    /// adamw: λ of the decoupled decay w ← w - η·λ·w at every step. Default 0.01. Unlike PyTorch with one parameter
    /// group, biases, slopes and batch-norm parameters never decay.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>λ₁ of the penalty λ₁‖w‖₁ on weights, at least 0; together with <see cref="L2"/> the elastic net.</summary>
    public double L1 { get; init; }

    /// <summary>λ₂ of the penalty ½λ₂‖w‖₂² on weights, at least 0.</summary>
    public double L2 { get; init; }

    /// <summary>Largest 2-norm of the whole gradient, penalties included; a longer gradient is scaled down to it. Null: no limit.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Largest 2-norm of a neuron's row of weights; a longer row is scaled down to it after the step. Null: no limit.</summary>
    public double? MaxNorm { get; init; }

    private bool IsAdam => Kind is OptimizerKind.Adam or OptimizerKind.AdamW;

    private bool HasMomentum => Kind is OptimizerKind.Momentum or OptimizerKind.Nesterov;

    private bool HasEpsilon => IsAdam || Kind is OptimizerKind.RmsProp or OptimizerKind.AdaGrad;

    /// <summary>The same specification with the defaults of its optimizer in place of null. Validates first.</summary>
    /// <exception cref="BadInputException">See <see cref="Validate"/>.</exception>
    public OptimizerSpec Resolve()
    {
        Validate();
        return this with
        {
            LearningRate = LearningRate ?? DefaultLearningRate(Kind),
            Beta1 = IsAdam ? Beta1 ?? 0.9 : null,
            Beta2 = IsAdam ? Beta2 ?? 0.999 : null,
            Epsilon = HasEpsilon ? Epsilon ?? (Kind == OptimizerKind.AdaGrad ? 1e-10 : 1e-8) : null,
            Momentum = HasMomentum ? Momentum ?? 0.9 : null,
            Rho = Kind == OptimizerKind.RmsProp ? Rho ?? 0.99 : null,
            WeightDecay = Kind == OptimizerKind.AdamW ? WeightDecay ?? 0.01 : null,
        };
    }

    /// <summary>Checks the range of every value, and that the optimizer uses every value that is set.</summary>
    /// <exception cref="BadInputException">A value is out of range, or the optimizer does not use it.</exception>
    public void Validate()
    {
        RequireKnown(nameof(Kind), Kind, "adam, adamw, sgd, momentum, nesterov, rmsprop or adagrad");
        RequireKnown(nameof(Schedule), Schedule, "constant, step, cosine or one-cycle");
        RequirePositive(nameof(LearningRate), LearningRate);
        RequirePositive(nameof(Epsilon), Epsilon);
        RequirePositive(nameof(ClipNorm), ClipNorm);
        RequirePositive(nameof(MaxNorm), MaxNorm);
        RequireNotNegative(nameof(L1), L1);
        RequireNotNegative(nameof(L2), L2);
        RequireNotNegative(nameof(WeightDecay), WeightDecay);
        RequireFraction(nameof(Beta1), Beta1);
        RequireFraction(nameof(Beta2), Beta2);
        RequireFraction(nameof(Momentum), Momentum);
        RequireFraction(nameof(Rho), Rho);
        RequireUsed(nameof(Beta1), Beta1, IsAdam, "adam or adamw");
        RequireUsed(nameof(Beta2), Beta2, IsAdam, "adam or adamw");
        RequireUsed(nameof(Epsilon), Epsilon, HasEpsilon, "adam, adamw, rmsprop or adagrad");
        RequireUsed(nameof(Momentum), Momentum, HasMomentum, "momentum or nesterov");
        RequireUsed(nameof(Rho), Rho, Kind == OptimizerKind.RmsProp, "rmsprop");
        Require(
            WeightDecay is null || Kind == OptimizerKind.AdamW,
            nameof(WeightDecay),
            $"{Name(nameof(WeightDecay))} {WeightDecay} has no meaning with {Name(nameof(Kind))} {KindName}: ",
            $"use {Name(nameof(Kind))} adamw, or {Name(nameof(L2))} for a penalty in the loss");
    }

    private static double DefaultLearningRate(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.RmsProp => 0.001,
        OptimizerKind.AdaGrad or OptimizerKind.Momentum or OptimizerKind.Nesterov => 0.01,
        OptimizerKind.Sgd => 0.1,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown optimizer."),
    };

    private string KindName => Kind.ToString().ToLowerInvariant();

    // Values become single-precision factors and must survive the conversion: 1e-50 would be 0, 1e50 infinite.
    private static void RequirePositive(string property, double? value) =>
        Require(
            value is null || ((float)value > 0 && float.IsFinite((float)value)),
            property,
            $"{Name(property)} {value} is out of range: it must be a number above 0");

    private static void RequireNotNegative(string property, double? value) =>
        Require(
            value is null || (value >= 0 && float.IsFinite((float)value)),
            property,
            $"{Name(property)} {value} is out of range: it must be a number of at least 0");

    private static void RequireFraction(string property, double? value) =>
        Require(value is null or (>= 0 and < 1), property, $"{Name(property)} {value} is out of range: it must be at least 0 and below 1");

    private static void RequireKnown<TEnum>(string property, TEnum value, string known)
        where TEnum : struct, Enum =>
        Require(Enum.IsDefined(value), property, $"{Name(property)} {value} is not known: use {known}");

    private void RequireUsed(string property, double? value, bool isUsed, string users) =>
        Require(
            value is null || isUsed,
            property,
            $"{Name(property)} {value} has no meaning with {Name(nameof(Kind))} {KindName}: ",
            $"leave it out, or use {Name(nameof(Kind))} {users}");

    private static void Require(bool condition, string property, params FormattableString[] message)
    {
        if (!condition)
        {
            throw new BadInputException(Name(property), message);
        }
    }

    private static PropertyName Name(string property) => new(nameof(OptimizerSpec), property);
}
