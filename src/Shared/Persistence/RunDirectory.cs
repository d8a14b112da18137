using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// The directory of a run, opened for writing; no other process can open it at the same time. It observes the run:
/// <see cref="StepCompleted"/> and <see cref="EpochCompleted"/> become lines of <c>metrics.jsonl</c>, all other events
/// lines of <c>events.jsonl</c>, and the caller never waits for the disk.
/// </summary>
/// <remarks>Lines reach the files at least every second, at each evaluation and at the end. docs/files.md describes the files.</remarks>
internal sealed class RunDirectory : IRunObserver, IDisposable
{
    private static readonly JsonSerializerOptions ConfigFormat = new() { WriteIndented = true };

    private readonly FileStream _lock;
    private readonly RunEventLog _log;

    private RunDirectory(RunPaths paths, FileStream processLock, FileStream metrics, TimeProvider? time, long? evaluated)
    {
        Paths = paths;
        _lock = processLock;
        FileStream events;
        try
        {
            events = RunDirectoryException.Guard(paths.Events, () => AppendToWholeLines(paths.Events));
        }
        catch
        {
            metrics.Dispose();
            processLock.Dispose();
            throw;
        }

        _log = new(metrics, events, time ?? TimeProvider.System, evaluated);
    }

    /// <summary>
    /// Gets or sets the receiver of a log line when metrics and events begin to fail to be written, and when they can be
    /// written again; called on a thread of its own.
    /// </summary>
    public Action<string>? Trouble
    {
        get => _log.Trouble;
        set => _log.Trouble = value;
    }

    /// <summary>The directory, absolute.</summary>
    public string Path => Paths.Directory;

    /// <summary>Paths of its files, absolute.</summary>
    public RunPaths Paths { get; }

    /// <summary>
    /// Creates <c>&lt;root&gt;/&lt;date&gt;-&lt;time&gt;-&lt;name&gt;</c> for a new run; if it exists, with a number at the end.
    /// </summary>
    /// <param name="root">Usually <c>runs</c>.</param>
    /// <param name="name">Name of the run; characters that are unusual in file names become hyphens.</param>
    /// <param name="time">Clock of the date and the time, which are local.</param>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public static RunDirectory Create(string root, string name, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        string stamp = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string stem = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, $"{stamp}-{FileName(name)}"));
        for (int number = 1; ; number++)
        {
            string path = number == 1 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
            if (TryClaim(new(path), time) is RunDirectory run)
            {
                return run;
            }
        }
    }

    /// <summary>
    /// Creates a given directory for a new run, if it does not exist. A directory whose run was killed before it wrote a
    /// line is used again.
    /// </summary>
    /// <param name="directory">The directory; it must not hold a run.</param>
    /// <exception cref="BadInputException">It holds a run.</exception>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public static RunDirectory CreateAt(string directory)
    {
        var paths = new RunPaths(System.IO.Path.GetFullPath(directory));
        return TryClaim(paths, null) ?? TryTakeOver(paths)
            ?? throw new BadInputException($"{directory}: already holds a run; give another directory, or --resume it");
    }

    /// <summary>
    /// Opens the directory of a run to resume it. Removes an unfinished line, and the metrics of steps after
    /// <paramref name="step"/>, which will be computed again; keeps the events. An evaluation at that step that has a line
    /// keeps it and gets no second one.
    /// </summary>
    /// <param name="directory">The directory of the run.</param>
    /// <param name="step">The step of the checkpoint that the run resumes from.</param>
    /// <param name="before">Runs once this process owns the directory, before any change; an exception leaves it unchanged.</param>
    /// <exception cref="BadInputException">It holds no run, or one of another format version.</exception>
    /// <exception cref="RunDirectoryException">It cannot be written, or another process has the run open.</exception>
    public static RunDirectory Resume(string directory, long step, Action? before = null)
    {
        var paths = new RunPaths(System.IO.Path.GetFullPath(directory));
        if (!File.Exists(paths.Metrics))
        {
            throw new BadInputException($"{directory}: holds no run to resume: there is no {RunPaths.MetricsName} in it");
        }

        return Open(paths, null, () =>
        {
            FileStream metrics = Append(paths.Metrics, FileMode.Open);
            try
            {
                MetricsReader.RequireHeader(metrics);
                before?.Invoke();
                // Any process may be drawing the figure.
                AtomicFile.DeleteLeftovers(paths.Directory, name => name != RunPaths.CurvesName);
                byte[]? last = LineCut.CutAfterLast(metrics, line => MetricsReader.IsHeader(line) || StepOf(line) <= step);
                bool evaluated = last is not null && RunEventParser.TryParse(last) is EpochCompleted epoch && epoch.Step == step;
                return (metrics, evaluated ? step : null);
            }
            catch
            {
                metrics.Dispose();
                throw;
            }
        });
    }

    /// <summary>
    /// Records an event. Takes well under a microsecond and never waits for the disk, but for the first step of a term, which removes the
    /// results of an earlier one; lines that cannot be written are kept in memory and tried again.
    /// </summary>
    /// <exception cref="RunDirectoryException">The lines that cannot be written exceed the limit of the memory.</exception>
    public void Observe(RunEvent runEvent)
    {
        if (runEvent is FirstStepTaken)
        {
            DeleteResults();
        }

        _log.Append(runEvent);
    }

    /// <summary>Waits until all events observed so far are in the files.</summary>
    /// <exception cref="RunDirectoryException">Some could not be written yet.</exception>
    public void Flush() => _log.Flush();

    /// <summary>Writes <c>config.json</c>.</summary>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public void WriteConfig(string json) => WriteText(Paths.Config, json);

    /// <summary>Takes some properties over into <c>config.json</c>: the data set may be elsewhere than at the start.</summary>
    /// <param name="json">The configuration of the run as it goes on.</param>
    /// <param name="names">Names of the properties.</param>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public void UpdateConfig(string json, params ReadOnlySpan<string> names)
    {
        if (!File.Exists(Paths.Config) || ParseConfig(RunDirectoryException.Guard(Paths.Config, () => File.ReadAllText(Paths.Config))) is not { } config
            || ParseConfig(json) is not { } now)
        {
            return;
        }

        bool isChanged = false;
        foreach (string name in names)
        {
            if (now[name] is { } value && !JsonNode.DeepEquals(config[name], value))
            {
                config[name] = value.DeepClone();
                isChanged = true;
            }
        }

        if (isChanged)
        {
            WriteConfig(config.ToJsonString(ConfigFormat));
        }
    }

    /// <summary>Writes <c>summary.json</c>.</summary>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public void WriteSummary(RunSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        WriteText(Paths.Summary, summary.ToJson());
    }

    /// <summary>Writes the remaining lines and closes the files.</summary>
    /// <exception cref="RunDirectoryException">Some could not be written, and no earlier call threw this.</exception>
    public void Dispose()
    {
        try
        {
            _log.Dispose();
        }
        finally
        {
            _lock.Dispose();
        }
    }

    private static JsonObject? ParseConfig(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject;
        }
        catch (JsonException)
        {
            // The file was edited by hand. The run does not depend on it.
            return null;
        }
    }

    // Readers would take the results of an earlier term for those of the resumed run.
    private void DeleteResults()
    {
        foreach (string result in new[] { Paths.Summary, Paths.Model, Paths.Onnx, Paths.Curves })
        {
            RunDirectoryException.Guard(result, () => File.Delete(result));
        }
    }

    private static void WriteText(string path, string text) =>
        RunDirectoryException.Guard(path, () => AtomicFile.WriteText(path, text + "\n"));

    /// <summary>Creates the directory and its metrics file; null if that file, and so a run, exists already.</summary>
    private static RunDirectory? TryClaim(RunPaths paths, TimeProvider? time)
    {
        RunDirectoryException.Guard(paths.Directory, () => Directory.CreateDirectory(paths.Directory));
        try
        {
            RunDirectoryException.Guard(paths.Metrics, () => Append(paths.Metrics, FileMode.CreateNew).Dispose());
        }
        catch (RunDirectoryException) when (File.Exists(paths.Metrics))
        {
            return null;
        }

        return Open(paths, time, () => (Append(paths.Metrics, FileMode.Open), null));
    }

    /// <summary>Opens the directory of a run that left no line; null if it left one, or is about to.</summary>
    private static RunDirectory? TryTakeOver(RunPaths paths)
    {
        if (!HoldsNothing(paths))
        {
            return null;
        }

        try
        {
            // Its process may have written a line between the first check and the lock.
            return Open(paths, null, () => HoldsNothing(paths)
                ? (Append(paths.Metrics, FileMode.Open), null)
                : throw new IOException("a run has begun in it"));
        }
        catch (RunDirectoryException)
        {
            return null;
        }
    }

    /// <summary>Whether there are only files of a run that has not written a line: its configuration and empty files.</summary>
    private static bool HoldsNothing(RunPaths paths) =>
        new DirectoryInfo(paths.Directory).EnumerateFileSystemInfos().All(entry => entry is FileInfo file && (
            file.Name is RunPaths.ConfigName or RunPaths.LockName
            || (file.Name is RunPaths.MetricsName or RunPaths.EventsName && file.Length == 0)
            || AtomicFile.IsTemporary(file.Name)));

    /// <summary>
    /// Locks the directory for this process, then opens its metrics. The system releases the lock when the process ends, in
    /// whatever way.
    /// </summary>
    private static RunDirectory Open(RunPaths paths, TimeProvider? time, Func<(FileStream Metrics, long? Evaluated)> openMetrics)
    {
        FileStream processLock = RunDirectoryException.Guard(paths.Lock, () => new FileStream(
            paths.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose));
        try
        {
            RunDirectoryException.Guard(paths.Lock, () => RunLock.WriteOwner(processLock));
            (FileStream metrics, long? evaluated) = RunDirectoryException.Guard(paths.Directory, openMetrics);
            return new(paths, processLock, metrics, time, evaluated);
        }
        catch
        {
            processLock.Dispose();
            throw;
        }
    }

    private static FileStream Append(string path, FileMode mode)
    {
        var stream = new FileStream(path, mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        if (stream.CanSeek)
        {
            stream.Seek(0, SeekOrigin.End);
        }

        return stream;
    }

    /// <summary>Opens a file of lines to append to, without an unfinished last line.</summary>
    private static FileStream AppendToWholeLines(string path)
    {
        FileStream stream = Append(path, FileMode.OpenOrCreate);
        if (stream.CanSeek)
        {
            LineCut.CutAfterLast(stream, RunEventParser.IsObject);
        }

        return stream;
    }

    /// <summary>The step of a line of metrics; null if it is not one.</summary>
    private static long? StepOf(byte[] line) => RunEventParser.TryParse(line) switch
    {
        StepCompleted step => step.Step,
        EpochCompleted epoch => epoch.Step,
        _ => null,
    };

    private static string FileName(string name)
    {
        const int longest = 60;
        char[] characters = [.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-').Take(longest)];
        return characters.Length == 0 ? "run" : new(characters);
    }
}
