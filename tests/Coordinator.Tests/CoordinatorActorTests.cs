using Akka.Actor;
using Akka.TestKit.Xunit2;
using NnCluster.AkkaSupport;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;
using RunEnded = NnCluster.Training.RunEnded;

namespace NnCluster.Coordinator.Tests;

public sealed class CoordinatorActorTests : TestKit
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public CoordinatorActorTests()
        : base(AkkaConfig.Dispatchers)
    {
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public async Task The_bits_do_not_depend_on_the_number_of_workers(int workers)
    {
        using var alone = new Run(this, workers: 1, steps: 40);
        using var together = new Run(this, workers, steps: 40);
        Assert.Equal(RunOutcome.Completed, (await alone.Ended).Outcome);
        Assert.Equal(RunOutcome.Completed, (await together.Ended).Outcome);
        Assert.Equal(alone.Hash(), together.Hash());
    }

    [Fact]
    public async Task Killing_a_worker_costs_no_step_and_no_bit()
    {
        using var undisturbed = new Run(this, workers: 2, steps: 300);
        await undisturbed.Ended;
        using var disturbed = new Run(this, workers: 3, steps: 300, atStep: (40, run => run.Worker(2).Tell(PoisonPill.Instance)));
        RunReport report = await disturbed.Ended;
        Assert.Equal((RunOutcome.Completed, 300L, 1), (report.Outcome, report.Final.Step, report.Final.WorkersLost));
        Assert.Equal(undisturbed.Hash(), disturbed.Hash());
    }

    [Fact]
    public async Task A_stop_ends_the_run_at_a_step_boundary()
    {
        using var run = new Run(this, workers: 2, steps: 100_000, atStep: (10, run => run.Coordinator.Tell(new StopTraining())));
        RunReport report = await run.Ended;
        Assert.True(report.Outcome.Interrupted);
        Assert.Equal(report.Final.Step, run.State.Step);
        Assert.InRange(report.Final.Step, 10, 99_999);
    }

    [Fact]
    public async Task Observers_see_every_step_in_order_and_every_epoch()
    {
        using var run = new Run(this, workers: 2, steps: 8);
        RunReport report = await run.Ended;
        Assert.Equal(Enumerable.Range(1, 8).Select(step => (long)step), run.Events.OfType<StepCompleted>().Select(step => step.Step));
        Assert.Equal([1, 2, 3, 4], run.Events.OfType<EpochCompleted>().Select(epoch => epoch.Epoch));
        Assert.Equal(report.LastEpoch, run.Events.Last(runEvent => runEvent is not ParticipantProgress));
        Assert.Equal(RunOutcome.Completed, report.Outcome);
    }

    [Fact]
    public async Task In_the_steady_state_no_gradient_buffer_is_made()
    {
        int early = 0;
        using var run = new Run(this, workers: 3, steps: 400, atStep: (50, run => early = run.GradientBuffers));
        await run.Ended;
        // The first measured speeds may change a worker's range once, which may need one more buffer.
        Assert.InRange(run.GradientBuffers, early, early + 2);
    }

    [Fact]
    public async Task Metrics_that_cannot_be_written_end_the_run_with_the_reason()
    {
        using var run = new Run(this, workers: 1, steps: 100, failAtStep: 5);
        RunReport report = await run.Ended;
        Assert.Contains("metrics.jsonl: cannot be written: the disk is full", report.Outcome.Failure, StringComparison.Ordinal);
    }

    /// <summary>A coordinator of the small run with its buffers and its state.</summary>
    private sealed class Run : IRunObserver, IDisposable
    {
        private readonly SmallRun _small = new();
        private readonly ThreadTeam _team = new(2);
        private readonly (long Step, Action<Run> Do)? _atStep;
        private readonly long? _failAtStep;
        private readonly TestKit _kit;

        public Run(TestKit kit, int workers, int steps, (long, Action<Run>)? atStep = null, long? failAtStep = null)
        {
            _kit = kit;
            _atStep = atStep;
            _failAtStep = failAtStep;
            // Two steps per epoch.
            RunSpec spec = _small.Spec with { Epochs = (steps + 1) / 2 };
            RunSettings settings = spec.SettingsFor(_small.Data) with { EvaluateEvery = steps > 8 ? 50 : 1, Recovery = RecoveryOptions.InProcess };
            var optimizer = Optimizer.For(spec.Optimizer, _small.Layout, settings.TotalSteps);
            State = new(_small.Layout, settings.Trees.Minibatch, optimizer, _small.Parameters, _team, _small.State.Share());
            var ended = new TaskCompletionSource<RunReport>(TaskCreationOptions.RunContinuationsAsynchronously);
            Ended = ended.Task.WaitAsync(Timeout);
            Coordinator = kit.Sys.ActorOf(CoordinatorActor.Props(new()
            {
                Settings = settings,
                Workers = _small.Setup with { Spec = spec },
                LocalWorkers = workers,
                State = State,
                Layout = _small.Layout,
                Observers = [this],
                Ended = ended,
            }));
        }

        public IActorRef Coordinator { get; }

        public TrainingState State { get; }

        public Task<RunReport> Ended { get; }

        public List<RunEvent> Events { get; } = [];

        public int GradientBuffers => _small.Gradients.Created;

        public ActorSelection Worker(int number) => _kit.Sys.ActorSelection(Coordinator.Path / $"worker-{number}");

        public string Hash() => _small.Layout.Sha256(State.ModelState.Span);

        public void Observe(RunEvent runEvent)
        {
            Events.Add(runEvent);
            if (runEvent is StepCompleted step && step.Step == _failAtStep)
            {
                throw new NnCluster.Persistence.RunDirectoryException("metrics.jsonl", new IOException("the disk is full"));
            }

            if (runEvent is StepCompleted reached && reached.Step == _atStep?.Step)
            {
                _atStep.Value.Do(this);
            }
        }

        public void Dispose()
        {
            _kit.Watch(Coordinator);
            _kit.Sys.Stop(Coordinator);
            _kit.ExpectTerminated(Coordinator, Timeout);
            State.Dispose();
            _team.Dispose();
            _small.Dispose();
        }
    }
}
