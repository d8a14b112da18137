using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>A term of a run that is about to start, for observers that need more than its events.</summary>
internal sealed record ObservedRun
{
    /// <summary>The run directory, absolute; empty if the run writes no files.</summary>
    public required string Directory { get; init; }

    /// <summary>Term of the coordinator, from 1.</summary>
    public required long Term { get; init; }

    /// <summary>Steps that earlier terms took; 0 for a new run.</summary>
    public required long StepsBefore { get; init; }

    /// <summary>The model.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>Places of the tensors in a model state.</summary>
    public required ParameterLayout Layout { get; init; }

    /// <summary>The data set.</summary>
    public required Dataset Data { get; init; }

    /// <summary>
    /// Takes a reference to the current model state, read-only, to be released soon. To be called within
    /// <see cref="IRunObserver.Observe"/>: at an event of a step or an evaluation the state is the one after that step.
    /// </summary>
    public required Func<RefCountedBuffer> ShareModelState { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Receives log lines, from any thread.</summary>
    public required Action<string> Log { get; init; }
}
