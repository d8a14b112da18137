namespace NnCluster.Coordinator.Tests.Launching;

public sealed class LaunchOptionsTests
{
    [Fact]
    public void More_workers_needed_than_started_is_refused_where_no_other_can_join()
    {
        ProcessResult result = NnClusterProcess.Run("launch", "--workers", "2", "--slots", "2", "--min-workers", "5");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal("--min-workers 5: only 4 are started; with --listen HOST:PORT others can join.", result.Error);
    }
}
