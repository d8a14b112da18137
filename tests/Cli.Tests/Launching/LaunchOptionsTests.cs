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

namespace NnCluster.Cli.Tests.Launching;

public sealed class LaunchOptionsTests
{
    [Fact]
    public void More_workers_needed_than_started_is_refused_where_no_other_can_join()
    {
        ProcessResult result = NnClusterProcess.Run("launch", "--workers", "2", "--workers-per-node", "2", "--min-workers", "5");

        Assert.Equal(2, result.ExitCode);
        Assert.Equal("--min-workers 5: only 4 are started; with --listen HOST:PORT others can join.", result.Error);
    }
}
