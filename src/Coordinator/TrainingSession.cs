using Akka.Actor;
using Akka.Configuration;
using NnCluster.Control;
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

    // A coordinator that has not written all down by then ends with its system.
    private static readonly TimeSpan LastWordsTimeout = TimeSpan.FromSeconds(1);

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
    private string? _checkpointFailure;

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
        var optimizer = Optimizer.Create(
            request.Spec.Optimizer,
            [.. _layout.Tensors.OrderBy(tensor => tensor.Offset)],
            _layout.StateLength,
            request.Settings.TotalSteps);
        RefCountedBuffer initial = _parameters.Rent();
        ParameterInitializer.Initialize(request.Spec.Model, _layout, request.Spec.Seed, initial.Span);
        if (request.InitFrom is { } path)
        {
            ModelFile.Read(path, _layout.Tensors, initial.Span);
        }

        _state = new(_layout, request.Settings.Minibatch, optimizer, _parameters, _team, initial, resume?.Position.Step ?? 0);
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
        // Whoever goes on from a checkpoint finds the metrics of every step before it.
        _checkpoints = new(_layout, origin, _directory.CheckpointPath, resume?.Checkpoints ?? [], before: _directory.Flush);
        _newestCheckpoint = resume is null ? null : (resume.Position.Step, resume.File.Path);
        _checkpoints.Stored += (step, path, _) => _newestCheckpoint = (step, path);
        _checkpoints.Failed += (_, reason) => _checkpointFailure = reason;
        if (request.Cluster is not null)
        {
            StoreTerm(_checkpoints, _directory.CheckpointPath(_state.Step));
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
    /// <param name="observer">Is told what happens, besides the run directory.</param>
    /// <param name="log">Gets lines for people, from any thread.</param>
    /// <param name="stop">Asks for the end.</param>
    /// <exception cref="BadInputException">The address of the cluster cannot be listened on.</exception>
    public async Task<(RunOutcome Outcome, RunSummary Summary)> RunAsync(IRunObserver observer, Action<string> log, CancellationToken stop)
    {
        RunSpec spec = _request.Spec;
        var started = new RunStarted(System.IO.Path.GetFileName(Path), _layout.ParameterCount, _request.Settings.TotalSteps, spec.Epochs, spec.BatchSize, spec.Shards, _request.Blas.Name, spec.Seed);
        observer.Observe(started);
        Health?.Observe(started);
        if (_directory is not null)
        {
            _directory.Trouble = log;
        }

        var ended = new TaskCompletionSource<RunReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        var setup = new CoordinatorSetup
        {
            Settings = _request.Settings,
            Workers = new(spec, _request.Data, _request.Blas, _gradients, _evaluations),
            LocalWorkers = _request.Workers,
            State = _state,
            Layout = _layout,
            Checkpoints = _checkpoints,
            Observers = [.. _directory is null ? [] : new IRunObserver[] { _directory }, _history, observer, .. Health is null ? [] : new IRunObserver[] { Health }],
            Heartbeat = Health is null ? null : Health.Heartbeat,
            Time = _time,
            Ended = ended,
        };
        RunReport report = _request.Cluster is { } cluster
            ? await RunClusterAsync(setup, cluster, log, stop).ConfigureAwait(false)
            : await RunLocalAsync(setup, stop).ConfigureAwait(false);
        RunOutcome outcome = OutcomeOf(report);
        RunSummary summary = Summarise(report);
        if (_directory is not null)
        {
            Leave(_directory, outcome, summary);
        }

        return (outcome, summary);
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

    private async Task<RunReport> RunLocalAsync(CoordinatorSetup setup, CancellationToken stop)
    {
        using var actors = ActorSystem.Create("nncluster", ConfigurationFactory.ParseString(ActorConfig));
        IActorRef coordinator = actors.ActorOf(CoordinatorActor.Props(setup), "coordinator");
        Health?.Begin(_state.Step, _request.Settings.WorkersNeeded(begun: false));
        await using (stop.Register(() => coordinator.Tell(new StopTraining())))
        {
            RunReport report = await setup.Ended.Task.ConfigureAwait(false);
            Health?.End();
            await SettleCheckpointsAsync(report.Outcome, coordinator).ConfigureAwait(false);
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
        Health?.Begin(_state.Step, _request.Settings.WorkersNeeded(begun: false));
        await using (stop.Register(() => front.Coordinator.Tell(new StopTraining())))
        {
            RunReport report = await setup.Ended.Task.ConfigureAwait(false);
            Health?.End();
            Task settled = SettleCheckpointsAsync(report.Outcome, front.Coordinator);
            await front.DismissAsync(report.Outcome, DismissTimeout).ConfigureAwait(false);
            await settled.ConfigureAwait(false);
            return report;
        }
    }

    /// <summary>Waits until the last checkpoints are on the disk or lost, and the coordinator has written down which.</summary>
    private async Task SettleCheckpointsAsync(RunOutcome outcome, IActorRef coordinator)
    {
        if (_checkpoints is not { } checkpoints)
        {
            return;
        }

        await Task.Run(() => Settle(checkpoints, outcome.Interrupted), CancellationToken.None).ConfigureAwait(false);
        try
        {
            // Answered after everything that the writer has told it before.
            await coordinator.Ask<ActorIdentity>(new Identify(null), LastWordsTimeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
        }
    }

    // What a run that was stopped goes on from is worth a second try.
    private void Settle(CheckpointWriter checkpoints, bool isNeeded)
    {
        checkpoints.Flush();
        if (isNeeded && _newestCheckpoint?.Step != _state.Step)
        {
            checkpoints.Begin(_state);
            checkpoints.Flush();
        }
    }

    /// <summary>A run that was stopped and could not leave a checkpoint there has failed: steps would be missing from it.</summary>
    private RunOutcome OutcomeOf(RunReport report) =>
        !report.Outcome.Interrupted || _checkpoints is null || _newestCheckpoint?.Step == _state.Step
            ? report.Outcome
            : new(false, $"it was stopped after step {_state.Step}, whose checkpoint could not be written ({_checkpointFailure}); "
                + (_newestCheckpoint is { } newest ? $"--resume goes on from {System.IO.Path.GetFileName(newest.Path)}" : "there is no earlier one"));

    private byte[] Content()
    {
        using var content = new MemoryStream(checked((int)DatasetContent.Length(_request.Data)));
        DatasetContent.Write(_request.Data, content);
        return content.GetBuffer();
    }

    // The term must be on disk before any worker hears of it, and a coordinator killed early must find a checkpoint.
    private void StoreTerm(CheckpointWriter checkpoints, string path)
    {
        string? failure = null;
        void Note(long step, string reason) => failure = reason;
        checkpoints.Failed += Note;
        checkpoints.Begin(_state);
        checkpoints.Flush();
        checkpoints.Failed -= Note;
        if (failure is not null)
        {
            throw new RunDirectoryException(path, new IOException(failure));
        }
    }

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

        RunDirectoryException.Guard(directory.ModelPath, () => ModelFile.Write(
            directory.ModelPath,
            _layout.Tensors,
            _state.Parameters.Memory,
            _request.Spec.Model.ToJson(),
            new Dictionary<string, string> { ["dataset"] = _request.Spec.Dataset, ["runSpec"] = _request.Spec.ToJson() }));
        RunDirectoryException.Guard(directory.CurvesPath, () =>
            DrawCurves?.Invoke(System.IO.Path.GetFileName(Path), RunHistory.Read(directory.MetricsPath), directory.CurvesPath));
        directory.WriteSummary(summary);
    }
}
