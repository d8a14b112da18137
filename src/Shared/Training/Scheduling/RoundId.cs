using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>What the shards of a round are asked for.</summary>
public enum RoundKind
{
    /// <summary>The gradient over a minibatch.</summary>
    Gradient,

    /// <summary>Loss and accuracy over the test rows.</summary>
    Test,

    /// <summary>Loss and accuracy over the rows held out of the training set.</summary>
    Validation,
}

/// <summary>
/// One round of shards: every shard is computed from the weights after <paramref name="Step"/> steps. The same round
/// has the same name, and the same bits, in every life of a coordinator.
/// </summary>
public readonly record struct RoundId(long Step, RoundKind Kind)
{
    /// <inheritdoc/>
    public override string ToString() => Kind == RoundKind.Gradient ? $"step {Step + 1}" : $"{Kind} evaluation after step {Step}";
}

/// <summary>One life of one worker; a worker that comes back is another.</summary>
public readonly record struct ParticipantId(string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
