using NnCluster.Control;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Connections of a session to its program.</summary>
internal sealed record TrainingSessionOptions
{
    /// <summary>Status of the run for health probes; null: none.</summary>
    public RunHealth? Health { get; init; }

    /// <summary>Draws the learning curves from the run's name and history into a file; null: none are drawn.</summary>
    public Action<string, RunHistory, string>? DrawCurves { get; init; }

    /// <summary>
    /// Creates further observers of the run, which last until its end; those that are <see cref="IDisposable"/> are disposed then.
    /// Null: there are none.
    /// </summary>
    public Func<ObservedRun, IReadOnlyList<IRunObserver>>? Observers { get; init; }

    /// <summary>Receives address and term once the coordinator of a cluster accepts nodes; null: not called.</summary>
    public Action<HostPort, long>? Listening { get; init; }
}
