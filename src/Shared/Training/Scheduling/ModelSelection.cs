using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>
/// Choice among the evaluated states of a run, by the loss on the validation rows: less is better, and of equal losses the earlier
/// one. It decides the bits of the result.
/// </summary>
public sealed record ModelSelection
{
    private static readonly PropertyName KeepBestName = new(nameof(ModelSelection), nameof(KeepBest));
    private static readonly PropertyName PatienceName = new(nameof(ModelSelection), nameof(Patience));

    /// <summary>True if the best state is the result of the run; false if the last one is.</summary>
    public required bool KeepBest { get; init; }

    /// <summary>Evaluations without improvement after which training stops, at least 1; null: it does not stop early.</summary>
    public int? Patience { get; init; }

    /// <summary>Epochs between evaluations; the last epoch is always evaluated.</summary>
    public required int EvaluateEvery { get; init; }

    /// <summary>The selection that options ask for.</summary>
    /// <param name="keepBest">Whether the best state is the result; null: where there are validation rows.</param>
    /// <param name="patience">Evaluations without improvement after which training stops; null: never.</param>
    /// <param name="evaluateEvery">Epochs between evaluations.</param>
    /// <param name="hasValidationRows">Whether the data set has validation rows.</param>
    /// <returns>Null if the last state is the result and training does not stop early.</returns>
    /// <exception cref="BadInputException">Nothing can be selected without validation rows, or the patience is below 1.</exception>
    internal static ModelSelection? For(bool? keepBest, int? patience, int evaluateEvery, bool hasValidationRows)
    {
        if (!hasValidationRows && (patience is not null || keepBest == true))
        {
            const string Why = "needs validation rows, whose loss decides; the data set has none.";
            throw patience is not null
                ? new BadInputException(PatienceName, $"{PatienceName} {Why}")
                : new BadInputException(KeepBestName, $"{KeepBestName}: the best state {Why}");
        }

        if (patience < 1)
        {
            throw new BadInputException(PatienceName, $"{PatienceName} {patience}: expected at least 1.");
        }

        bool best = keepBest ?? hasValidationRows;
        return best || patience is not null ? new() { KeepBest = best, Patience = patience, EvaluateEvery = evaluateEvery } : null;
    }
}

/// <summary>State of a selection: the best evaluation, and how many came after it.</summary>
/// <param name="Best">The best evaluation; null before the first.</param>
/// <param name="Later">Evaluations after the best one.</param>
/// <param name="Step">Step of the latest evaluation, which is counted once even if a resumed run repeats it.</param>
internal sealed record SelectionState(BestEvaluation? Best, int Later, long Step)
{
    /// <summary>Before the first evaluation.</summary>
    public static readonly SelectionState None = new(null, 0, -1);

    /// <summary>The state after an evaluation.</summary>
    public SelectionState After(BestEvaluation evaluation)
    {
        if (evaluation.Step <= Step)
        {
            return this;
        }

        return Best is null || IsLess(evaluation.Validation.Loss, Best.Validation.Loss)
            ? new(evaluation, 0, evaluation.Step)
            : this with { Later = Later + 1, Step = evaluation.Step };
    }

    // NaN is greater than every number.
    private static bool IsLess(double loss, double than) => loss < than || (double.IsNaN(than) && !double.IsNaN(loss));
}

/// <summary>An evaluation after an epoch.</summary>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Test">Result on the test rows.</param>
/// <param name="Validation">Result on the validation rows.</param>
internal sealed record BestEvaluation(int Epoch, long Step, EvaluationResult Test, EvaluationResult Validation);
