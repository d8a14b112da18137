using System.Diagnostics.CodeAnalysis;
using NnCluster.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Displays the progress of a run: a live panel on a terminal, else a line for each epoch and each notable event. A thread of
/// its own writes to the console: <see cref="Observe"/> never waits for it.
/// </summary>
public sealed class ProgressDisplay : IRunObserver, IDisposable
{
    private static readonly TimeSpan FramePeriod = TimeSpan.FromMilliseconds(100);

    // Width where the output is no terminal, in characters: Spectre would wrap log lines at 80.
    private const int UnwrappedWidth = 1 << 16;

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly object _gate = new();
    private readonly ProgressState _state = new();
    private readonly Queue<string> _lines = new();
    private readonly ITimer? _frames;
    private readonly Thread _thread;
    private bool _frameDue = true;
    private bool _closed;
    private bool _finalShown;

    /// <summary>Starts the display.</summary>
    /// <param name="console">Standard error; see <see cref="StandardError"/>.</param>
    /// <param name="live">True: a panel, redrawn every 100 ms; false: lines.</param>
    /// <param name="time">The clock.</param>
    public ProgressDisplay(IAnsiConsole console, bool live, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(console);
        ArgumentNullException.ThrowIfNull(time);
        _console = console;
        _time = time;
        _started = time.GetTimestamp();
        if (live)
        {
            _frames = time.CreateTimer(_ => RequestFrame(), null, FramePeriod, FramePeriod);
        }

        _thread = new(live ? ShowPanel : ShowLines) { IsBackground = true, Name = "progress display" };
        _thread.Start();
    }

    /// <summary>
    /// Creates a console on standard error; <c>Live</c> is true if it is a terminal that can redraw. The console has no colours
    /// if the environment variable <c>NO_COLOR</c> is set and not empty (https://no-color.org).
    /// </summary>
    public static (IAnsiConsole Console, bool Live) StandardError()
    {
        bool noColour = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        IAnsiConsole console = CreateConsole(new AnsiConsoleOutput(Console.Error), AnsiSupport.Detect, noColour);
        return (console, !Console.IsErrorRedirected && console.Profile.Capabilities.Ansi);
    }

    internal static IAnsiConsole CreateConsole(IAnsiConsoleOutput output, AnsiSupport ansi, bool noColour)
    {
        IAnsiConsole console = AnsiConsole.Create(new()
        {
            Out = output,
            Ansi = ansi,
            ColorSystem = noColour ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (!output.IsTerminal)
        {
            console.Profile.Width = UnwrappedWidth;
        }

        return console;
    }

    /// <summary>Receives an event of the run.</summary>
    public void Observe(RunEvent runEvent)
    {
        ArgumentNullException.ThrowIfNull(runEvent);
        lock (_gate)
        {
            _state.Observe(runEvent);
            if (runEvent is StepCompleted or ParticipantProgress)
            {
                return;
            }

            string? line = runEvent is EpochCompleted epoch
                ? ProgressView.EpochLine(epoch, _state.Snapshot(_time.GetElapsedTime(_started)))
                : ProgressView.NotableLine(runEvent);
            if (line is not null)
            {
                Enqueue(line);
            }
        }
    }

    /// <summary>Writes a log line, above the panel if there is one.</summary>
    public void WriteLine(string line)
    {
        lock (_gate)
        {
            Enqueue(line);
        }
    }

    /// <summary>Writes the queued lines and the last panel, and ends the thread. The panel stays on the terminal.</summary>
    public void Dispose()
    {
        _frames?.Dispose();
        lock (_gate)
        {
            _closed = true;
            Monitor.Pulse(_gate);
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    private void Enqueue(string line)
    {
        _lines.Enqueue(line);
        Monitor.Pulse(_gate);
    }

    private void RequestFrame()
    {
        lock (_gate)
        {
            _frameDue = true;
            Monitor.Pulse(_gate);
        }
    }

    private void ShowLines()
    {
        try
        {
            while (NextWork(forFrames: false, out _, out string[]? lines))
            {
                Write(lines);
            }
        }
        catch (IOException)
        {
            // Standard error is closed; the run continues without it.
        }
    }

    private void ShowPanel()
    {
        try
        {
            _console.Live(Text.Empty).AutoClear(false).Start(context =>
            {
                while (NextWork(forFrames: true, out ProgressSnapshot? progress, out string[]? lines))
                {
                    Write(lines);
                    context.UpdateTarget(ProgressView.Panel(progress, _console.Profile.Capabilities.Unicode));
                }
            });
        }
        catch (IOException)
        {
            // Standard error is closed; the run continues without it.
        }
    }

    /// <summary>Waits for lines or the next frame. False once the display is closed and its last state has been returned.</summary>
    private bool NextWork(bool forFrames, [NotNullWhen(true)] out ProgressSnapshot? progress, [NotNullWhen(true)] out string[]? lines)
    {
        lock (_gate)
        {
            while (!_closed && _lines.Count == 0 && !(forFrames && _frameDue))
            {
                Monitor.Wait(_gate);
            }

            if (_closed && _lines.Count == 0 && _finalShown)
            {
                (progress, lines) = (null, null);
                return false;
            }

            _frameDue = false;
            _finalShown = _closed;
            progress = _state.Snapshot(_time.GetElapsedTime(_started));
            lines = [.. _lines];
            _lines.Clear();
            return true;
        }
    }

    private void Write(string[] lines)
    {
        foreach (string line in lines)
        {
            _console.Write(new LogLine(line, clears: _frames is not null));
        }
    }

    /// <summary>A line of the log. Above a panel it first clears the panel, which is drawn again below it.</summary>
    private sealed class LogLine(string text, bool clears) : IRenderable
    {
        private const string ClearBelow = "\e[J";

        public Measurement Measure(RenderOptions options, int maxWidth) => new(text.Length, text.Length);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            [.. clears ? (Segment[])[Segment.Control(ClearBelow)] : [], new(text), Segment.LineBreak];
    }
}
