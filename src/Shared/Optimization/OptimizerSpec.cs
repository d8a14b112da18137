namespace NnCluster.Optimization;

/// <summary>
/// How the parameters are updated: the optimizer, its schedule and the regularisation. What is left null takes its
/// default in <see cref="Resolve"/>; what the optimizer has no use for must stay null.
/// </summary>
public sealed record OptimizerSpec
{
    /// <summary>The optimizer.</summary>
    public OptimizerKind Kind { get; init; }

    /// <summary>
    /// The learning rate, the peak of it for one-cycle. Default: 0.001 for adam, adamw and rmsprop, 0.01 for adagrad,
    /// momentum and nesterov, 0.1 for sgd.
    /// </summary>
    public double? LearningRate { get; init; }

    /// <summary>How the learning rate moves. Nothing else does: momentum and β₁ stay (PyTorch's <c>cycle_momentum=False</c>).</summary>
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
    /// adamw: weights shrink by learning rate · this at every step. Default 0.01. Unlike PyTorch with one parameter
    /// group, biases, slopes and batch-norm parameters never decay.
    /// </summary>
    public double? WeightDecay { get; init; }

    /// <summary>λ₁ of the penalty λ₁‖w‖₁ on weights; with <see cref="L2"/> it makes the elastic net.</summary>
    public double L1 { get; init; }

    /// <summary>λ₂ of the penalty ½λ₂‖w‖₂² on weights.</summary>
    public double L2 { get; init; }

    /// <summary>The whole gradient, penalties included, is scaled down to this 2-norm where it is longer.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>After the step every neuron's row of weights is scaled down to this 2-norm where it is longer.</summary>
    public double? MaxNorm { get; init; }

    private bool IsAdam => Kind is OptimizerKind.Adam or OptimizerKind.AdamW;

    private bool HasMomentum => Kind is OptimizerKind.Momentum or OptimizerKind.Nesterov;

    private bool HasEpsilon => IsAdam || Kind is OptimizerKind.RmsProp or OptimizerKind.AdaGrad;

    /// <summary>The same specification with every default of its kind written out; validates first.</summary>
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

    /// <summary>Checks ranges and contradictions.</summary>
    /// <exception cref="BadInputException">A value is out of range, or the optimizer has no use for it.</exception>
    public void Validate()
    {
        Require(Enum.IsDefined(Kind), $"--optimizer {Kind} is not known: use adam, adamw, sgd, momentum, nesterov, rmsprop or adagrad");
        Require(Enum.IsDefined(Schedule), $"--schedule {Schedule} is not known: use constant, step, cosine or one-cycle");
        Positive("--learning-rate", LearningRate);
        Positive("--epsilon", Epsilon);
        Positive("--clip-norm", ClipNorm);
        Positive("--max-norm", MaxNorm);
        NotNegative("--l1", L1);
        NotNegative("--l2", L2);
        NotNegative("--weight-decay", WeightDecay);
        Fraction("--beta1", Beta1);
        Fraction("--beta2", Beta2);
        Fraction("--momentum", Momentum);
        Fraction("--rho", Rho);
        Used("--beta1", Beta1, IsAdam, "leave it out, or use --optimizer adam or adamw");
        Used("--beta2", Beta2, IsAdam, "leave it out, or use --optimizer adam or adamw");
        Used("--epsilon", Epsilon, HasEpsilon, "leave it out, or use --optimizer adam, adamw, rmsprop or adagrad");
        Used("--momentum", Momentum, HasMomentum, "leave it out, or use --optimizer momentum or nesterov");
        Used("--rho", Rho, Kind == OptimizerKind.RmsProp, "leave it out, or use --optimizer rmsprop");
        Used("--weight-decay", WeightDecay, Kind == OptimizerKind.AdamW, "use --optimizer adamw, or --l2 for a penalty in the loss");
    }

    private static double DefaultLearningRate(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.RmsProp => 0.001,
        OptimizerKind.AdaGrad or OptimizerKind.Momentum or OptimizerKind.Nesterov => 0.01,
        OptimizerKind.Sgd => 0.1,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown optimizer."),
    };

    // Values end as single-precision factors, so they must survive the conversion: 1e-50 would be 0, 1e50 infinite.
    private static void Positive(string option, double? value) =>
        Require(
            value is null || ((float)value > 0 && float.IsFinite((float)value)),
            $"{option} {value} is out of range: it must be a number above 0");

    private static void NotNegative(string option, double? value) =>
        Require(
            value is null || (value >= 0 && float.IsFinite((float)value)),
            $"{option} {value} is out of range: it must be a number of at least 0");

    private static void Fraction(string option, double? value) =>
        Require(value is null or (>= 0 and < 1), $"{option} {value} is out of range: it must be at least 0 and below 1");

    private void Used(string option, double? value, bool used, string instead) =>
        Require(value is null || used, $"{option} {value} has no meaning with --optimizer {Kind.ToString().ToLowerInvariant()}: {instead}");

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new BadInputException(message);
        }
    }
}
