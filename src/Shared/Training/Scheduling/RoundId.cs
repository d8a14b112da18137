namespace NnCluster.Training;

/// <summary>Kinds of rounds.</summary>
public enum RoundKind
{
    /// <summary>A training step: the gradient over a minibatch.</summary>
    Gradient,

    /// <summary>Loss and accuracy over the test rows.</summary>
    Test,

    /// <summary>Loss and accuracy over the validation rows.</summary>
    Validation,
}

/// <summary>
/// Id of a round: one pass over all shards with the model state after <paramref name="Step"/> steps. A round has the same id, and
/// the same bits, in every term.
/// </summary>
public readonly record struct RoundId(long Step, RoundKind Kind)
{
    /// <inheritdoc/>
    public override string ToString() => Kind == RoundKind.Gradient ? $"step {Step + 1}" : $"{Kind} evaluation after step {Step}";
}

/// <summary>Id of one incarnation of a participant; a node that joins again gets another id.</summary>
public readonly record struct ParticipantId(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
