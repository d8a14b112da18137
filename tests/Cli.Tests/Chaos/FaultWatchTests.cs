using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Chaos;

public sealed class FaultWatchTests
{
    private static readonly DateTime Zero = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    private readonly FaultWatch _watch = new(["worker-1", "worker-2"]);

    public FaultWatchTests()
    {
        Happen(-1000, new ParticipantJoined("worker-1.1"));
        Happen(-1000, new ParticipantJoined("worker-2.1"));
        Happen(-900, new FirstStepTaken(1));
        Assert.True(_watch.AllPresent);
    }

    [Fact]
    public void A_killed_worker_is_over_when_its_shards_are_done_elsewhere_and_it_is_back()
    {
        Inject(ChaosFault.Kill, "worker-1");
        Happen(-5, new ShardsReassigned(7, 1, "worker-1.1", ReassignCause.Lost, ""));
        Happen(3, new ParticipantLost("worker-1.1", LossCause.LinkClosed, ""));
        Assert.False(_watch.IsFree("worker-1"));
        Assert.True(_watch.IsFree("worker-2"));
        Happen(4, new ShardsReassigned(7, 3, "worker-1.1", ReassignCause.Lost, ""));
        Happen(9, new ShardsRecovered(7, 3));
        Assert.Empty(_watch.Settle());
        Happen(900, new ParticipantJoined("worker-1.2"));
        FaultRecord fault = Assert.Single(_watch.Settle());
        Assert.Equal((3.0, 4.0, 9.0, 900.0), (Ms(fault.Noticed), Ms(fault.Reassigned), Ms(fault.Recovered), Ms(fault.Back)));
        Assert.Equal((3, 4, 1), (fault.Shards, _watch.ReassignedShards, _watch.WorkersLost));
        Assert.True(_watch.IsFree("worker-1"));
    }

    [Fact]
    public void A_paused_worker_that_held_nothing_is_over_when_it_goes_on()
    {
        Inject(ChaosFault.Pause, "worker-2", undone: false);
        Assert.Empty(_watch.Settle());
        _watch.OnRemoved(0, At(500));
        Assert.Null(Assert.Single(_watch.Settle()).Reassigned);
    }

    [Fact]
    public void A_paused_worker_that_the_cluster_gave_up_is_over_only_when_it_is_back()
    {
        Inject(ChaosFault.Pause, "worker-2");
        Happen(5000, new ParticipantLost("worker-2.1", LossCause.LinkClosed, ""));
        Assert.Empty(_watch.Settle());
        Happen(7000, new ParticipantJoined("worker-2.2"));
        Assert.Equal(7000, Ms(Assert.Single(_watch.Settle()).Back));
    }

    [Fact]
    public void A_killed_coordinator_is_over_when_its_next_incarnation_has_taken_a_step_and_has_all_workers()
    {
        Inject(ChaosFault.Coordinator, "coordinator");
        Assert.False(_watch.AllPresent);
        Happen(2000, new ParticipantJoined("worker-2.1"));
        Happen(2100, new FirstStepTaken(40));
        Assert.Empty(_watch.Settle());
        Happen(2500, new ParticipantJoined("worker-1.1"));
        Assert.Equal(2100, Ms(Assert.Single(_watch.Settle()).Recovered));
        Assert.Equal(2, _watch.Incarnations);
    }

    [Fact]
    public void A_full_disk_is_over_with_the_first_checkpoint_after_it()
    {
        Inject(ChaosFault.Disk, "disk", undone: false);
        Happen(100, new CheckpointFailed(5, ""));
        Happen(200, new CheckpointWritten(6, ""));
        _watch.OnRemoved(0, At(300));
        Assert.Empty(_watch.Settle());
        Happen(400, new CheckpointWritten(7, ""));
        FaultRecord fault = Assert.Single(_watch.Settle());
        Assert.Equal((100.0, 400.0), (Ms(fault.Noticed), Ms(fault.Recovered)));
    }

    private static DateTime At(double ms) => Zero.AddMilliseconds(ms);

    private static double? Ms(TimeSpan? time) => time?.TotalMilliseconds;

    private void Inject(ChaosFault kind, string target, bool undone = true)
    {
        _watch.Begin(new() { Number = 0, Kind = kind, Target = target, Length = TimeSpan.Zero });
        _watch.OnInjected(0, Zero);
        if (undone)
        {
            _watch.OnRemoved(0, At(1));
        }
    }

    private void Happen(double ms, RunEvent happened) => _watch.Observe(new(happened, At(ms)));
}
