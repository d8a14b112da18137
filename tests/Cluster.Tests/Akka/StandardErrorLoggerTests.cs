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
        using var text = new LineWriter();
        await LogAsync(new LogOutput(text.WriteLine), text.HasLines(2), log =>
        {
            log.Warning("first\nsecond");
            log.Error(new InvalidOperationException("outer", new IOException("inner\ntrace")), "failed");
        });
        Assert.Equal(["warning: first", "error: failed (inner)"], text.Lines);
    }

    [Fact]
    public async Task A_muted_output_gets_no_line_and_another_system_goes_on_logging()
    {
        using var muted = new LineWriter();
        using var other = new LineWriter();
        var output = new LogOutput(muted.WriteLine);
        output.Mute();
        await Task.WhenAll(
            LogAsync(output, Task.CompletedTask, log => log.Error("lost")), LogAsync(new LogOutput(other.WriteLine), other.HasLines(1), log => log.Error("kept")));
        Assert.Empty(muted.Lines);
        Assert.Equal(["error: kept"], other.Lines);
    }

    /// <summary>Logs, and ends the system when what was logged is written: the end of a system drops what waits.</summary>
    private static async Task LogAsync(LogOutput output, Task written, Action<ILoggingAdapter> log)
    {
        var bootstrap = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(AkkaConfig.Local));
        using var system = ActorSystem.Create("log", ActorSystemSetup.Create(bootstrap, output));
        log(system.Log);
        await written.WaitAsync(TimeSpan.FromSeconds(30));
        await system.Terminate();
    }

    /// <summary>Lines, and a task for the moment that there are so many.</summary>
    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<string> _lines = [];
        private int _expected = int.MaxValue;

        public IReadOnlyList<string> Lines => _lines;

        public Task HasLines(int count)
        {
            _expected = count;
            return _written.Task;
        }

        public override void WriteLine(string? value)
        {
            _lines.Add(value!);
            if (_lines.Count == _expected)
            {
                _written.SetResult();
            }
        }
    }
}
