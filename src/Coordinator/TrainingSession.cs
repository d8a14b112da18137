using Akka.Actor;
using Akka.Configuration;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Coordinator;

/// <summary>
/// One training run in this process, from the request to the files it leaves: builds buffers, state and actors, waits
/// for the run's end, and writes down what came out.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    /// <summary>How the coordinator says where its files are.</summary>
    public const string RunDirectoryLine = "run directory: ";

    private const string ActorConfig =
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = ["NnCluster.AkkaSupport.StandardErrorLogger, NnCluster.Cluster"]
          log-dead-letters = off
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        {{WorkerActor.DispatcherConfig}}
        {{CoordinatorActor.DispatcherConfig}}
        """;

    // What remains of a node after that is cleaned up by itself.
    private static readonly TimeSpan DismissTimeout = TimeSpan.FromSeconds(1);

    // The state now, the one in the making, one that a checkpoint is written from, and one in reserve.
    private const int StatesInHand = 4;

    private readonly TrainRequest _request;
    private readonly TimeProvider _time;
    private readonly ParameterLayout _layout;
    private readonly BufferPool _parameters;
    private readonly SharedMemory? _shown;
    private readonly BufferPool _gradients;
    private readonly BufferPool _evaluations;
    private readonly ThreadTeam _team;
    private readonly TrainingState _state;
    private readonly RunDirectory? _directory;
    private readonly CheckpointWriter? _checkpoints;
    private readonly RunHistory _history = new();
    private readonly long? _resumedFrom;
    private readonly string _runId;
    private readonly long _term;
    private readonly long _startedAt;
    private (long Step, string Path)? _newestCheckpoint;
    private IReadOnlyList<IRunObserver> _observers = [];

    /// <summary>Prepares a run.</summary>
    /// <param name="request">What to train, and on what.</param>
    /// <param name="resume">The run to go on with; null for a new one.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="BadInputException">The initial parameters or the checkpoint cannot be used.</exception>
    /// <exception cref="RunDirectoryException">The run directory cannot be written.</exception>
    public TrainingSession(TrainRequest request, ResumePoint? resume, TimeProvider time)
    {
        _request = request;
        _time = time;
        _startedAt = time.GetTimestamp();
        _layout = ParameterLayout.For(request.Spec.Model);
        _parameters = new(_layout.StateLength);
        _shown = request.Cluster is { LinkAdvertise: null } ? SharedMemory.Create(_layout.StateLength, StatesInHand, othersWrite: false) : null;
        if (_shown is not null)
        {
            _parameters.Add(_shown);
        }

        _gradients = new(_layout.GradientLength);
        _evaluations = new(_layout.EvaluationLength);
        _team = new(Environment.ProcessorCount);
        var optimizer = Optimizer.For(request.Spec.Optimizer, _layout, request.Settings.TotalSteps);
        RefCountedBuffer initial = _parameters.Rent();
        ParameterInitializer.Initialize(_layout, request.Spec.Seed, initial.Span);
        if (request.InitFrom is { } path)
        {
            ModelFile.Read(path, _layout.Tensors, initial.Span);
        }

        _state = new(_layout, request.Settings.Trees.Minibatch, optimizer, _parameters, _team, initial, resume?.Position.Step ?? 0);
        if (resume is not null)
        {
            Checkpoint.CopyTo(resume.File, _layout, initial.Span, _state.OptimizerState);
            _resumedFrom = resume.Position.Step;
        }

        _runId = resume?.Position.RunId ?? Checkpoint.NewRunId();
        _term = resume?.NextTerm ?? 1;
        if (!request.LeavesFiles)
        {
            return;
        }

        _directory = OpenDirectory(resume);
        var origin = new CheckpointPosition(_runId, 0, _term, request.Spec.ToJson(), request.Spec.Model.ToJson());
        // Flush metrics before each checkpoint: a resumed run must have no gap.
        _checkpoints = new(_layout, origin, _directory.Paths.Checkpoint, resume?.Checkpoints ?? [], before: _directory.Flush);
        _newestCheckpoint = resume is null ? null : (resume.Position.Step, resume.File.Path);
        if (request.Cluster is not null)
        {
            _newestCheckpoint = StoreTerm(_checkpoints, _directory.Paths.Checkpoint(_state.Step));
        }
    }

    /// <summary>The run's metrics.</summary>
    public RunHistory History => _history;

    /// <summary>Is told how the run stands, for those who ask from outside; null: nobody does.</summary>
    public RunHealth? Health { get; init; }

    /// <summary>Draws the learning curves of the run's name and history into a file; null: none are drawn.</summary>
    public Action<string, RunHistory, string>? DrawCurves { get; init; }

    /// <summary>Where the run's files are; empty if it leaves none.</summary>
    public string Path => _directory?.Path ?? string.Empty;

    /// <summary>A copy of the network as it stands, to evaluate. Not while the run goes on.</summary>
    public TrainedModel TakeModel() => new(_request.Spec.Model, _state.Parameters.Span, _request.Blas);

    /// <summary>Trains until the run is over, or until <paramref name="stop"/> is cancelled and the step in flight is taken.</summary>
    /// <param name="observer">Receives the events, besides the run directory.</param>
    /// <param name="log">Receives log lines, from any thread.</param>
    /// <param name="stop">Requests the end.</param>
    /// <exception cref="BadInputException">The address of the cluster cannot be listened on.</exception>
    public async Task<(RunOutcome Outcome, RunSummary Summary)> RunAsync(IRunObserver observer, Action<string> log, CancellationToken stop)
    {
        if (_directory is not null)
        {
            _directory.Trouble = log;
        }

        _observers = [.. new IRunObserver?[] { _directory, _history, observer, Health }.OfType<IRunObserver>()];
        long began = _time.GetTimestamp();
        Publish(Started());
        try
        {
            (RunOutcome outcome, RunSummary summary) = await TrainAsync(log, stop).ConfigureAwait(false);
            Publish(RunEnded.From(outcome, _state.Step) with { At = _time.GetElapsedTime(began) });
            _directory?.Flush();
            return (outcome, summary);
        }
        catch (Exception e)
        {
            // The caller reports the exception; the events get an end all the same.
            string reason = e.Message.ReplaceLineEndings(" ");
            _directory?.Observe(new RunEnded(RunOutcomeKind.Failed, _state.Step, reason) { At = _time.GetElapsedTime(began) });
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _checkpoints?.Dispose();
        _directory?.Dispose();
        _state.Dispose();
        _team.Dispose();
        _parameters.Dispose();
        _shown?.Dispose();
        _gradients.Dispose();
        _evaluations.Dispose();
    }

    private RunStarted Started()
    {
        RunSpec spec = _request.Spec;
        return new(
            System.IO.Path.GetFileName(Path),
            _runId,
            _term,
            _resumedFrom,
            _layout.ParameterCount,
            _request.Settings.TotalSteps,
            spec.Epochs,
            spec.BatchSize,
            spec.Shards,
            _request.Blas.Name,
            spec.Seed);
    }

    /// <summary>Passes an event to all observers; only while the coordinator passes none.</summary>
    private void Publish(RunEvent runEvent)
    {
        foreach (IRunObserver observer in _observers)
        {
            observer.Observe(runEvent);
        }
    }

    private async Task<(RunOutcome Outcome, RunSummary Summary)> TrainAsync(Action<string> log, CancellationToken stop)
    {
        RunSpec spec = _request.Spec;
        var ended = new TaskCompletionSource<RunReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var setup = new CoordinatorSetup
        {
            Settings = _request.Settings,
            Workers = new(spec, _request.Data, _request.Blas, _gradients, _evaluations),
            LocalWorkers = _request.Workers,
            State = _state,
            Layout = _layout,
            Checkpoints = _checkpoints,
            Observers = _observers,
            Heartbeat = Health is null ? null : Health.Heartbeat,
            Time = _time,
            Ended = ended,
        };
        RunReport report = _request.Cluster is { } cluster
            ? await RunClusterAsync(setup, cluster, log, stop).ConfigureAwait(false)
            : await RunLocalAsync(setup, stop).ConfigureAwait(false);
        RunOutcome outcome = await SettleAsync(report).ConfigureAwait(false);
        RunSummary summary = Summarise(report);
        if (_directory is not null)
        {
            Leave(_directory, outcome, summary);
        }

        return (outcome, summary);
    }

    private async Task<RunReport> RunLocalAsync(CoordinatorSetup setup, CancellationToken stop)
    {
        using var actors = ActorSystem.Create("nncluster", ConfigurationFactory.ParseString(ActorConfig));
        IActorRef coordinator = actors.ActorOf(CoordinatorActor.Props(setup), "coordinator");
        Health?.Begin(_state.Step, _request.Settings.WorkersNeeded(hasStarted: false));
        await using (stop.Register(() => coordinator.Tell(new StopTraining())))
        {
            RunReport report = await setup.Ended.Task.ConfigureAwait(false);
            Health?.End();
            await actors.Terminate().ConfigureAwait(false);
            return report;
        }
    }

    private async Task<RunReport> RunClusterAsync(CoordinatorSetup setup, ClusterRequest cluster, Action<string> log, CancellationToken stop)
    {
        log(RunDirectoryLine + Path);
        await using var front = await ClusterFront.OpenAsync(cluster, setup with
        {
            Remote = new(_runId, _term, _request.Settings, _gradients, _evaluations, new(Content)) { Shown = _shown },
            StartTimeout = cluster.StartTimeout,
        }, log).ConfigureAwait(false);
        Health?.Begin(_state.Step, _request.Settings.WorkersNeeded(hasStarted: false));
        await using (stop.Register(() => front.Coordinator.Tell(new StopTraining())))
        {
            RunReport report = await setup.Ended.Task.ConfigureAwait(false);
            Health?.End();
            await front.DismissAsync(report.Outcome, DismissTimeout).ConfigureAwait(false);
            return report;
        }
    }

    /// <summary>
    /// The outcome of the run. A run that was stopped, and whose last step is in no checkpoint even at a second attempt, has
    /// failed: a resumed run would compute steps again.
    /// </summary>
    private async Task<RunOutcome> SettleAsync(RunReport report)
    {
        if (report.LastCheckpoint is { } stored)
        {
            _newestCheckpoint = (stored.Step, stored.Path);
        }

        if (!report.Outcome.Interrupted || _checkpoints is null || _newestCheckpoint?.Step == _state.Step)
        {
            return report.Outcome;
        }

        switch (await _checkpoints.WriteAsync(_state).ConfigureAwait(false))
        {
            case CheckpointStored again:
                Publish(new CheckpointWritten(again.Step, again.Path) { At = _time.GetElapsedTime(_startedAt) });
                return report.Outcome;
            case CheckpointNotStored failed:
                Publish(new CheckpointFailed(failed.Step, failed.Reason) { At = _time.GetElapsedTime(_startedAt) });
                return new(false, $"it was stopped after step {_state.Step}, whose checkpoint could not be written ({failed.Reason}); "
                    + (_newestCheckpoint is { } newest
                        ? $"--resume goes on from {System.IO.Path.GetFileName(newest.Path)}"
                        : "there is no earlier one"));
            case var other:
                throw new InvalidOperationException($"The last checkpoint ended as {other}.");
        }
    }

    private byte[] Content()
    {
        using var content = new MemoryStream(checked((int)DatasetContent.Length(_request.Data)));
        DatasetContent.Write(_request.Data, content);
        return content.GetBuffer();
    }

    // The term must be on disk before any node learns of it, and a coordinator killed early must find a checkpoint.
    private (long Step, string Path) StoreTerm(CheckpointWriter checkpoints, string path) =>
        checkpoints.WriteAsync(_state).GetAwaiter().GetResult() switch
        {
            CheckpointStored stored => (stored.Step, stored.Path),
            CheckpointNotStored failed => throw new RunDirectoryException(path, new IOException(failed.Reason)),
            var other => throw new InvalidOperationException($"The first checkpoint ended as {other}."),
        };

    private RunDirectory OpenDirectory(ResumePoint? resume)
    {
        if (resume is not null)
        {
            return RunDirectory.Resume(resume.Directory, resume.Position.Step, resume.SetRejectedAside);
        }

        RunDirectory directory = _request.Out is { } path
            ? RunDirectory.CreateAt(path)
            : RunDirectory.Create("runs", _request.Spec.Dataset, _time);
        directory.WriteConfig(_request.Config);
        return directory;
    }

    private RunSummary Summarise(RunReport report)
    {
        double seconds = report.Final.TrainTime.TotalSeconds;
        long images = (_state.Step - (_resumedFrom ?? 0)) * _request.Spec.BatchSize;
        return new()
        {
            TestAccuracy = report.LastEpoch?.Test.Accuracy ?? double.NaN,
            TestLoss = report.LastEpoch?.Test.Loss ?? double.NaN,
            TrainLoss = report.LastEpoch?.TrainLoss ?? double.NaN,
            ValidationAccuracy = report.LastEpoch?.Validation?.Accuracy,
            Epochs = report.Final.Epochs,
            Steps = _state.Step,
            Images = images,
            TrainSeconds = seconds,
            TotalSeconds = _time.GetElapsedTime(_startedAt).TotalSeconds,
            ImagesPerSecond = seconds > 0 ? images / seconds : 0,
            WeightsSha256 = _layout.Sha256(_state.Parameters.Span),
            Parameters = _layout.ParameterCount,
            Workers = _request.Workers + report.RemoteSlots,
            Shards = _request.Spec.Shards,
            Blas = _request.Blas.Name,
            Seed = _request.Spec.Seed,
            ReassignedShards = report.Final.ReassignedShards,
            WorkersLost = report.Final.WorkersLost,
            ResumedFromStep = _resumedFrom,
            RunDirectory = Path,
        };
    }

    /// <summary>The files a run leaves. A run that failed leaves no model: its last checkpoint is the last good state.</summary>
    private void Leave(RunDirectory directory, RunOutcome outcome, RunSummary summary)
    {
        directory.Flush();
        if (outcome.Failure is not null)
        {
            return;
        }

        RunDirectoryException.Guard(directory.Paths.Model, () => ModelFile.Write(
            directory.Paths.Model,
            _layout.Tensors,
            _state.Parameters.Memory,
            _request.Spec.Model.ToJson(),
            new Dictionary<string, string> { ["dataset"] = _request.Spec.Dataset, ["runSpec"] = _request.Spec.ToJson() }));
        RunDirectoryException.Guard(directory.Paths.Curves, () =>
            DrawCurves?.Invoke(System.IO.Path.GetFileName(Path), RunHistory.Read(directory.Paths.Metrics), directory.Paths.Curves));
        directory.WriteSummary(summary);
    }
}
