namespace NnCluster.Training;

/// <summary>Reduction trees of a run, one for each kind of round.</summary>
/// <param name="Minibatch">Tree over the rows of a minibatch.</param>
/// <param name="Test">Tree over the test rows.</param>
/// <param name="Validation">Tree over the validation rows; null if no rows are held out.</param>
public sealed record RoundTrees(ReductionTree Minibatch, ReductionTree Test, ReductionTree? Validation = null)
{
    /// <summary>The tree of a kind of round.</summary>
    /// <exception cref="InvalidOperationException">The run has no such rounds.</exception>
    public ReductionTree Of(RoundKind kind) => Find(kind)
        ?? throw new InvalidOperationException($"The run has no {kind} rounds: no rows are held out.");

    /// <summary>The tree of a kind of round; null if the run has no such rounds.</summary>
    public ReductionTree? Find(RoundKind kind) => kind switch
    {
        RoundKind.Gradient => Minibatch,
        RoundKind.Test => Test,
        RoundKind.Validation => Validation,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
