using System.Text.RegularExpressions;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;
using Spectre.Console;
using Spectre.Console.Testing;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class ProgressDisplayTests
{
    private static readonly RunStarted Started = new("mnist", "", 1, null, 203_530, 1000, 10, 100, 8, "simd", 1);

    [Fact]
    public void Without_a_terminal_there_is_a_line_an_epoch_and_one_for_each_notable_event()
    {
        using var console = new TestConsole();
        console.Profile.Width = 200;
        var time = new ManualTime();
        using (var display = new ProgressDisplay(console, live: false, time))
        {
            display.Observe(new ParticipantJoined("worker-1"));
            display.Observe(Started);
            for (int step = 1; step <= 100; step++)
            {
                display.Observe(Step(step));
            }

            display.Observe(new CheckpointWritten(100, "x"));
            display.Observe(new EpochCompleted(1, 100, 0.5f, 0.9f, new(0.25, 0.9512, 10_000), new(0.3, 0.94, 100), null, 1.25));
            display.Observe(new ParticipantLost("worker-1", LossCause.LinkClosed, "link broken"));
            display.Observe(new ShardsReassigned(101, 4, "worker-1", ReassignCause.Lost, "link broken"));
            display.Observe(new RunPaused(0, 1));
            display.Observe(new RunContinued(1));
            display.WriteLine("a line of the log");
            display.Observe(new RunEnded(RunOutcomeKind.Failed, 101, "the loss is NaN"));
        }

        Assert.Equal(
            """
            worker-1 joined
            mnist: 203,530 parameters, 10 epochs of 100-row batches, 8 shards, simd, seed 1
            epoch 1/10  step 100  train loss 0.5000  test loss 0.2500  train 90.00 %  test 95.12 %  validation loss 0.3000  validation 94.00 %  1.2 s
            worker-1 lost: link broken
            step 101: reassigned 4 shards of worker-1: link broken
            paused: 0 of 1 workers needed
            resumed with 1 worker
            a line of the log
            failed: the loss is NaN
            """.ReplaceLineEndings("\n"),
            console.Output.TrimEnd());
    }

    [Fact]
    public void The_panel_shows_the_run_its_speed_and_every_worker()
    {
        var state = new ProgressState();
        state.Observe(Started);
        state.Observe(new ParticipantJoined("a"));
        state.Observe(new ParticipantJoined("b"));
        state.Observe(Step(1));
        _ = state.Snapshot(TimeSpan.FromSeconds(1));
        for (int step = 2; step <= 501; step++)
        {
            state.Observe(Step(step));
        }

        state.Observe(new ParticipantProgress("a", 2004, 25_050));
        state.Observe(new ParticipantProgress("b", 2004, 25_050));
        state.Observe(new ParticipantLost("b", LossCause.LinkClosed, "killed"));
        state.Observe(new EpochCompleted(5, 500, 0.5f, 0.9f, new(0.25, 0.9512, 10_000), null, null, 1.25));

        Assert.Equal(
            """
            mnist  203,530 parameters, 1 worker, 8 shards, simd
            ━━━━━━━━━━━━━━━━━━━━──────────────────── 50 %  00:11, 00:09 left
            epoch 5.0/10  step 501/1,000  loss 0.5000  batch 87.50 %  test 95.12 %  5,000 rows/s
            a  2,004 shards  2,505 rows/s  working
            b  2,004 shards      0 rows/s  lost: killed
            """.ReplaceLineEndings("\n"),
            Render(state.Snapshot(TimeSpan.FromSeconds(11)), unicode: true));
    }

    [Fact]
    public void The_panel_of_a_paused_run_says_what_is_missing_and_promises_no_end()
    {
        var state = new ProgressState();
        state.Observe(Started);
        state.Observe(new RunPaused(1, 2));

        string panel = Render(state.Snapshot(TimeSpan.FromHours(26)), unicode: false);

        Assert.Contains("paused: 1 of 2 workers needed", panel, StringComparison.Ordinal);
        Assert.Contains("........ 0 %  26:00:00, --:-- left", panel, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_with_brackets_are_shown_as_they_are()
    {
        var state = new ProgressState();
        state.Observe(Started with { Name = "[red]run[/]" });
        state.Observe(new ParticipantLost("[::1]:7000", LossCause.LinkClosed, "reset [by peer]"));

        string panel = Render(state.Snapshot(TimeSpan.FromSeconds(1)), unicode: true);

        Assert.Contains("[red]run[/]", panel, StringComparison.Ordinal);
        Assert.Contains("[::1]:7000", panel, StringComparison.Ordinal);
        Assert.Contains("reset [by peer]", panel, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_terminal_the_last_panel_has_the_final_numbers()
    {
        using TestConsole console = new TestConsole().Interactive().EmitAnsiSequences();
        console.Profile.Width = 120;
        var time = new ManualTime();
        using (var display = new ProgressDisplay(console, live: true, time))
        {
            display.Observe(Started);
            display.Observe(Step(500));
            time.Advance(TimeSpan.FromMilliseconds(100));
            display.Observe(new ParticipantLost("b", LossCause.LinkClosed, "killed"));
            display.Observe(Step(1000));
        }

        string output = console.Output;
        Assert.Contains("b lost: killed", output, StringComparison.Ordinal);
        Assert.Contains("100 %", output[output.LastIndexOf("mnist", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Contains("step 1,000/1,000", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_can_be_left_out_of_a_terminal()
    {
        var state = new ProgressState();
        state.Observe(Started);
        state.Observe(new ParticipantJoined("a"));
        ProgressSnapshot snapshot = state.Snapshot(TimeSpan.FromSeconds(1));
        bool Coloured(Func<IAnsiConsoleOutput, IAnsiConsole> create)
        {
            var text = new StringWriter();
            create(new AnsiConsoleOutput(text)).Write(ProgressView.Panel(snapshot, unicode: true));
            // SGR 30 to 38 and 90 to 97 set a colour; bold (1) is none.
            return Regex.IsMatch(text.ToString(), @"\e\[(\d+;)*(3[0-8]|9[0-7])[;m]");
        }

        Assert.True(Coloured(output => AnsiConsole.Create(new() { Out = output, Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.Standard })));
        Assert.False(Coloured(output => ProgressDisplay.CreateConsole(output, AnsiSupport.Yes, noColour: true)));
    }

    [Fact]
    public void A_line_is_not_broken_where_there_is_no_terminal()
    {
        var text = new StringWriter();
        string line = string.Join(' ', Enumerable.Repeat("word", 100));
        using (var display = new ProgressDisplay(
            ProgressDisplay.CreateConsole(new AnsiConsoleOutput(text), AnsiSupport.Detect, noColour: false), live: false, new ManualTime()))
        {
            display.WriteLine(line);
        }

        Assert.Equal(line, text.ToString().TrimEnd());
    }

    [Fact]
    public void A_broken_standard_error_does_not_end_the_run()
    {
        IAnsiConsole console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(new BrokenWriter()) });
        using var display = new ProgressDisplay(console, live: false, new ManualTime());

        display.Observe(Started);
        display.Dispose();
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(char value) => throw new IOException("broken pipe");

        public override void Write(string? value) => throw new IOException("broken pipe");

        public override void Write(char[] buffer, int index, int count) => throw new IOException("broken pipe");
    }

    private static StepCompleted Step(long step) => new(step, step / 100.0, 0.5f, 0.875f, 0.001f, 1, 0.001);

    private static string Render(ProgressSnapshot snapshot, bool unicode)
    {
        using var console = new TestConsole();
        console.Profile.Width = 120;
        console.Write(ProgressView.Panel(snapshot, unicode));
        return string.Join('\n', console.Output.TrimEnd().Split('\n').Select(line => line.TrimEnd()));
    }
}
