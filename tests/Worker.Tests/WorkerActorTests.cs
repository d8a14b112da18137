using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

public sealed class WorkerActorTests : TestKit
{
    private static readonly ParticipantId Id = new("worker-1");
    private readonly SmallRun _run = new();

    public WorkerActorTests()
        : base(AkkaConfig.Dispatchers + "\nakka.test.single-expect-default = 30s")
    {
    }

    [Fact]
    public void Says_that_it_has_started_and_answers_its_parent_node_by_node()
    {
        TestProbe parent = CreateTestProbe();
        IActorRef worker = parent.ChildActorOf(WorkerActor.Props(Id, _run.Setup), Id.Name, SupervisorStrategy.DefaultStrategy);
        Assert.Equal(new ParticipantStarted(Id), parent.ExpectMsg<ParticipantStarted>());

        worker.Tell(new ComputeShards(new(0, RoundKind.Gradient), new(0, 6), _run.State.Share()));
        SubtreeComputed first = parent.ExpectMsg<SubtreeComputed>();
        SubtreeComputed second = parent.ExpectMsg<SubtreeComputed>();
        Assert.Equal([(Id, new SubtreeId(2)), (Id, new SubtreeId(6))], [(first.Participant, first.Subtree), (second.Participant, second.Subtree)]);
        first.Sum.Release();
        second.Sum.Release();

        worker.Tell(new ComputeShards(new(0, RoundKind.Test), new(0, 1), _run.State.Share()));
        SubtreeComputed evaluation = parent.ExpectMsg<SubtreeComputed>();
        Assert.Equal(new RoundId(0, RoundKind.Test), evaluation.Round);
        evaluation.Sum.Release();
    }

    [Fact]
    public void An_error_in_a_shard_is_reported_and_the_worker_goes_on()
    {
        TestProbe parent = CreateTestProbe();
        IActorRef worker = parent.ChildActorOf(WorkerActor.Props(Id, _run.Setup), Id.Name, SupervisorStrategy.DefaultStrategy);
        parent.ExpectMsg<ParticipantStarted>();

        // The run has four steps: there are no rows for step 100.
        worker.Tell(new ComputeShards(new(100, RoundKind.Gradient), new(2, 3), _run.State.Share()));
        ShardsFailed failed = parent.ExpectMsg<ShardsFailed>();
        Assert.Equal((Id, new RoundId(100, RoundKind.Gradient), new ShardRange(2, 3)), (failed.Participant, failed.Round, failed.Shards));
        Assert.NotEmpty(failed.Error);

        worker.Tell(new ComputeShards(new(0, RoundKind.Gradient), new(0, 8), _run.State.Share()));
        parent.ExpectMsg<SubtreeComputed>().Sum.Release();
    }

    [Fact]
    public void Lets_go_of_the_weights_even_after_an_error()
    {
        TestProbe parent = CreateTestProbe();
        IActorRef worker = parent.ChildActorOf(WorkerActor.Props(Id, _run.Setup), Id.Name, SupervisorStrategy.DefaultStrategy);
        parent.ExpectMsg<ParticipantStarted>();
        var weights = _run.Parameters.Rent();
        worker.Tell(new ComputeShards(new(100, RoundKind.Gradient), new(0, 1), weights.Share()));
        parent.ExpectMsg<ShardsFailed>();
        int made = _run.Parameters.Created;
        weights.Release();
        Assert.Same(weights, _run.Parameters.Rent());
        Assert.Equal(made, _run.Parameters.Created);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _run.Dispose();
    }
}
