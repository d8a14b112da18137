using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// One training run in this process. <see cref="RunResources"/> owns its memory, <see cref="RunArtifacts"/> its files, and the
/// actors compute.
/// </summary>
internal sealed partial class TrainingSession : IDisposable
{
    // Nodes that have not disconnected by then notice the end by their own timeouts.
    private static readonly TimeSpan DismissTimeout = TimeSpan.FromSeconds(1);

    private readonly TrainRequest _request;
    private readonly TimeProvider _time;
    private readonly RunIdentity _identity;
    private readonly RunResources _resources;
    private readonly RunArtifacts? _artifacts;
    private readonly TrainingSessionOptions _options;
    private readonly CheckpointPosition? _resumed;
    private readonly long _preparedAt;
    private IReadOnlyList<IRunObserver> _observers = [];
    private long _startedAt;

    private TrainingSession(
        TrainRequest request,
        TimeProvider time,
        RunIdentity identity,
        RunResources resources,
        RunArtifacts? artifacts,
        TrainingSessionOptions options,
        CheckpointPosition? resumed,
        long preparedAt)
    {
        _options = options;
        _request = request;
        _time = time;
        _identity = identity;
        _resources = resources;
        _artifacts = artifacts;
        _resumed = resumed;
        _preparedAt = preparedAt;
    }

    /// <summary>Metrics of the run in this term.</summary>
    public RunHistory History { get; } = new();

    /// <summary>Id of the run.</summary>
    public string RunId => _identity.RunId;

    /// <summary>Fencing number of this coordinator.</summary>
    public long Term => _identity.Term;

    /// <summary>The run directory, absolute; empty if the run writes no files.</summary>
    public string Path => _artifacts?.Path ?? string.Empty;

    /// <summary>
    /// The model state that is the result of the run: parameters and running statistics. Only valid while the run does not train.
    /// </summary>
    public ReadOnlySpan<float> ModelState => _resources.State.Result.Span;

    /// <summary>Prepares a run: allocates memory, sets the initial state, and opens the run directory.</summary>
    /// <param name="request">The run.</param>
    /// <param name="resume">Checkpoint to resume from; null for a new run.</param>
    /// <param name="options">Connections to the program.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="BadInputException">The initial parameters, the checkpoint or the address to listen on cannot be used.</exception>
    /// <exception cref="RunDirectoryException">The run directory cannot be written.</exception>
    public static async Task<TrainingSession> PrepareAsync(
        TrainRequest request, ResumePoint? resume, TrainingSessionOptions options, TimeProvider time)
    {
        long preparedAt = time.GetTimestamp();
        if (resume is not null)
        {
            request.Data.VerifyContent();
        }

        if (request.Cluster is not null)
        {
            ClusterFront.RequireFree(request.Cluster);
        }

        var identity = new RunIdentity(resume?.Position.RunId ?? Checkpoint.NewRunId(), resume?.NextTerm ?? 1);
        var resources = RunResources.Create(request, resume);
        RunArtifacts? artifacts = null;
        try
        {
            if (request.LeavesFiles)
            {
                artifacts = RunArtifacts.Open(request, resume, identity, resources, time);
                if (request.Cluster is not null)
                {
                    await artifacts.StoreTermAsync(resume?.Position.Selection).ConfigureAwait(false);
                }
            }
        }
        catch
        {
            artifacts?.Dispose();
            resources.Dispose();
            throw;
        }

        return new(request, time, identity, resources, artifacts, options, resume?.Position, preparedAt);
    }

    /// <summary>Trains until the run ends, or until <paramref name="stop"/> is cancelled and the step in flight is complete.</summary>
    /// <param name="observer">Receives the events, besides the run directory.</param>
    /// <param name="log">Receives log lines, from any thread.</param>
    /// <param name="stop">Requests the end.</param>
    /// <exception cref="BadInputException">The address of the cluster cannot be listened on.</exception>
    public async Task<(RunOutcome Outcome, RunSummary Summary)> RunAsync(IRunObserver observer, Action<string> log, CancellationToken stop)
    {
        if (_artifacts is not null)
        {
            _artifacts.Log = log;
        }

        IReadOnlyList<IRunObserver> added = _options.Observers?.Invoke(Observed(log)) ?? [];
        _startedAt = _time.GetTimestamp();
        var telemetry = new RunTelemetry(_request.Spec.BatchSize, _time.GetUtcNow());
        _observers = [.. new[] { _artifacts?.Observer, History, telemetry, observer, _options.Health }.OfType<IRunObserver>(), .. added];
        try
        {
            Publish(Started());
            return await RunToEndAsync(telemetry, log, stop).ConfigureAwait(false);
        }
        finally
        {
            foreach (IDisposable ending in added.OfType<IDisposable>())
            {
                ending.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _artifacts?.Dispose();
        _resources.Dispose();
    }

    private async Task<(RunOutcome Outcome, RunSummary Summary)> RunToEndAsync(RunTelemetry telemetry, Action<string> log, CancellationToken stop)
    {
        try
        {
            (RunOutcome outcome, RunSummary summary) = await TrainAsync(log, stop).ConfigureAwait(false);
            Publish(RunEnded.From(outcome, _resources.State.Step));
            _artifacts?.Flush();
            return (outcome, summary);
        }
        catch (Exception e)
        {
            // The caller reports the exception; the event log still gets its last event.
            string reason = e.Message.ReplaceLineEndings(" ");
            RunEvent failed = Timed(new RunEnded(RunOutcomeKind.Failed, _resources.State.Step, reason));
            telemetry.Observe(failed);
            _artifacts?.Observer.Observe(failed);
            throw;
        }
    }

    private ObservedRun Observed(Action<string> log) => new()
    {
        Directory = Path,
        Term = Term,
        StepsBefore = _resumed?.Step ?? 0,
        Model = _request.Spec.Model,
        Layout = _resources.Layout,
        Data = _request.Data,
        ShareModelState = () => _resources.State.ModelState.Share(),
        Time = _time,
        Log = log,
    };

    private RunStarted Started()
    {
        RunSpec spec = _request.Spec;
        return new(
            System.IO.Path.GetFileName(Path),
            RunId,
            Term,
            _resumed?.Step,
            _resources.Layout.ParameterCount,
            _request.Settings.TotalSteps,
            spec.Epochs,
            spec.BatchSize,
            spec.Shards,
            _request.Blas.Name,
            spec.Seed);
    }

    /// <summary>Passes an event to all observers. Not while the coordinator runs, which publishes from its own thread.</summary>
    private void Publish(RunEvent runEvent)
    {
        foreach (IRunObserver observer in _observers)
        {
            observer.Observe(Timed(runEvent));
        }
    }

    private RunEvent Timed(RunEvent runEvent) => runEvent with { At = _time.GetElapsedTime(_startedAt) };

    private async Task<(RunOutcome Outcome, RunSummary Summary)> TrainAsync(Action<string> log, CancellationToken stop)
    {
        var setup = new CoordinatorSetup
        {
            Settings = _request.Settings,
            Workers = new(_request.Spec, _request.Data, _request.Blas, _resources.Gradients, _resources.Evaluations),
            LocalWorkers = _request.Workers,
            State = _resources.State,
            Selection = _resumed?.Selection,
            EpochSoFar = _artifacts?.StepsSinceEvaluation() ?? [],
            Layout = _resources.Layout,
            Checkpoints = _artifacts?.Checkpoints,
            Observers = _observers,
            Heartbeat = _options.Health is { } health ? health.Heartbeat : null,
            Time = _time,
            Ended = new TaskCompletionSource<RunReport>(TaskCreationOptions.RunContinuationsAsynchronously),
        };
        RunReport report = _request.Cluster is { } cluster
            ? await RunClusterAsync(setup, cluster, log, stop).ConfigureAwait(false)
            : await RunLocalAsync(setup, stop).ConfigureAwait(false);
        RunOutcome outcome = _artifacts is null ? report.Outcome : await _artifacts.SettleAsync(report, Publish).ConfigureAwait(false);
        RunSummary summary = Summarise(report);
        _artifacts?.WriteResults(_request, outcome, summary, _options.DrawCurves);
        return (outcome, summary);
    }

    private async Task<RunReport> RunLocalAsync(CoordinatorSetup setup, CancellationToken stop)
    {
        using var actors = ActorSystem.Create("nncluster", AkkaConfig.Local);
        IActorRef coordinator = actors.ActorOf(CoordinatorActor.Props(setup), "coordinator");
        RunReport report = await EndAsync(setup, coordinator, stop).ConfigureAwait(false);
        await actors.Terminate().ConfigureAwait(false);
        return report;
    }

    private async Task<RunReport> RunClusterAsync(
        CoordinatorSetup setup, ClusterRequest cluster, Action<string> log, CancellationToken stop)
    {
        log($"run directory: {Path}");
        await using var front = await ClusterFront.OpenAsync(cluster, setup with
        {
            Remote = new(RunId, Term, _request.Settings, _resources.Gradients, _resources.Evaluations, new(_request.Data))
            {
                Export = _resources.Export,
            },
            StartTimeout = cluster.StartTimeout,
        }, log).ConfigureAwait(false);
        _options.Listening?.Invoke(cluster.Reached, Term);
        RunReport report = await EndAsync(setup, front.Coordinator, stop).ConfigureAwait(false);
        await front.DismissAsync(report.Outcome, DismissTimeout).ConfigureAwait(false);
        return report;
    }

    private async Task<RunReport> EndAsync(CoordinatorSetup setup, IActorRef coordinator, CancellationToken stop)
    {
        _options.Health?.Begin(_resources.State.Step, _request.Settings.WorkersNeeded(hasStarted: false));
        await using (stop.Register(() => coordinator.Tell(new StopTraining())))
        {
            RunReport report = await setup.Ended.Task.ConfigureAwait(false);
            _options.Health?.End();
            return report;
        }
    }
}
