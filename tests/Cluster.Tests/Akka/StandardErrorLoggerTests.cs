using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.AkkaSupport;

public sealed class StandardErrorLoggerTests
{
    [Fact]
    public async Task An_entry_is_one_line_with_its_level_and_its_cause()
    {
        using var text = new StringWriter();
        await LogAsync(new LogOutput(text), log =>
        {
            log.Warning("first\nsecond");
            log.Error(new InvalidOperationException("outer", new IOException("inner\ntrace")), "failed");
        });
        Assert.Equal(
            ["warning: first", "error: failed (inner)"],
            text.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_muted_output_gets_no_line_and_another_system_goes_on_logging()
    {
        using var muted = new StringWriter();
        using var other = new StringWriter();
        var output = new LogOutput(muted);
        output.Mute();
        await Task.WhenAll(LogAsync(output, log => log.Error("lost")), LogAsync(new LogOutput(other), log => log.Error("kept")));
        Assert.Empty(muted.ToString());
        Assert.Equal("error: kept", other.ToString().Trim());
    }

    private static async Task LogAsync(LogOutput output, Action<ILoggingAdapter> log)
    {
        var bootstrap = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(AkkaConfig.Local));
        using var system = ActorSystem.Create("log", ActorSystemSetup.Create(bootstrap, output));
        log(system.Log);
        await system.Terminate();
    }
}
