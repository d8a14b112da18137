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
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Launching;

public sealed class RestartPolicyTests
{
    private static readonly Joined HasJoined = new("a:1", 1, 1);
    private static readonly Dismissed IsDismissed = new("it is complete");

    [Theory]
    [InlineData(137)]
    [InlineData(139)]
    [InlineData(143)]
    [InlineData(255)]
    public void A_worker_that_crashes_is_restarted_whether_or_not_it_has_joined(int exitCode)
    {
        Assert.Equal(RestartDecision.Restart, RestartPolicy.ForNode(exitCode, default, isRemote: false));
        Assert.Equal(RestartDecision.Restart, RestartPolicy.ForNode(exitCode, After(HasJoined), isRemote: true));
    }

    [Theory]
    [InlineData(ExitCode.Done)]
    [InlineData(ExitCode.Failed)]
    [InlineData(ExitCode.BadInput)]
    [InlineData(ExitCode.Refused)]
    [InlineData(ExitCode.CoordinatorGone)]
    [InlineData(ExitCode.Interrupted)]
    public void A_worker_that_ends_by_itself_is_given_up(int exitCode)
    {
        Assert.Equal(RestartDecision.GiveUp, RestartPolicy.ForNode(exitCode, default, isRemote: false));
        Assert.Equal(RestartDecision.GiveUp, RestartPolicy.ForNode(exitCode, After(HasJoined), isRemote: true));
    }

    [Theory]
    [InlineData(ExitCode.Done)]
    [InlineData(139)]
    public void A_worker_that_was_dismissed_waits_however_it_ended(int exitCode) =>
        Assert.Equal(RestartDecision.Wait, RestartPolicy.ForNode(exitCode, After(HasJoined, IsDismissed), isRemote: false));

    [Theory]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(255)]
    public void What_ssh_or_a_shell_cannot_start_is_not_tried_again_until_it_has_worked_once(int exitCode)
    {
        Assert.Equal(RestartDecision.CannotStart, RestartPolicy.ForNode(exitCode, default, isRemote: true));
        Assert.Equal(RestartDecision.Restart, RestartPolicy.ForNode(exitCode, After(HasJoined).Restarted(), isRemote: true));
        Assert.Equal(RestartDecision.Restart, RestartPolicy.ForNode(exitCode, default, isRemote: false));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(130, false)]
    [InlineData(137, true)]
    [InlineData(134, true)]
    public void A_coordinator_is_restarted_when_it_crashes(int exitCode, bool crashed) =>
        Assert.Equal(crashed, RestartPolicy.HasCoordinatorCrashed(exitCode));

    [Theory]
    [InlineData(true, 2, 2, true)]
    [InlineData(true, 1, 2, false)]
    [InlineData(true, 0, 0, false)]
    [InlineData(false, 2, 1, false)]
    public void A_run_goes_on_with_the_workers_that_are_left_where_they_are_enough(bool hasJoined, int left, int needed, bool goesOn) =>
        Assert.Equal(goesOn, RestartPolicy.CanContinue(hasJoined, left, needed));

    [Fact]
    public void A_restart_forgets_the_dismissal_and_the_reason_but_not_that_the_worker_had_joined()
    {
        NodeReport report = After(HasJoined, IsDismissed, new Ended(0, ProcessOutcome.Done, "x"));
        Assert.Equal(new NodeReport(true, false, null), report.Restarted());
        Assert.Equal("no", After(new Waiting([], ""), new Refused("a:1", "no"), new Ended(3, ProcessOutcome.Refused)).Reason);
    }

    private static NodeReport After(params StatusRecord[] records) =>
        records.Aggregate(default(NodeReport), (report, record) => report.With(record));
}
