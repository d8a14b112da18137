using System.Globalization;
using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// The directory of a run. While it is open no other process can open it for writing. It observes the run:
/// <see cref="StepCompleted"/> and <see cref="EpochCompleted"/> become lines of <c>metrics.jsonl</c>, everything else
/// lines of <c>events.jsonl</c>, without the caller ever waiting for the disk.
/// </summary>
/// <remarks>
/// A step's line has <c>loss</c>, an epoch's has <c>testLoss</c>. NaN and infinities are written as null. Lines reach
/// the file at least every second, at each epoch and at the end.
/// </remarks>
public sealed class RunDirectory : IRunObserver, IDisposable
{
    private const string ConfigFile = "config.json";
    private const string MetricsFile = "metrics.jsonl";
    private const string EventsFile = "events.jsonl";
    private const string CurvesFile = "curves.png";
    private readonly FileStream _lock;
    private readonly RunEventLog _log;

    private RunDirectory(string path, FileStream processLock, FileStream metrics, TimeProvider? time, long? evaluated)
    {
        Path = path;
        _lock = processLock;
        FileStream events;
        try
        {
            string eventsPath = In(EventsFile);
            events = RunDirectoryException.Guard(eventsPath, () => AppendToWholeLines(eventsPath));
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
    /// Gets a line for people when metrics and events begin to fail to be written, and when they can be again; on a
    /// thread of its own.
    /// </summary>
    public Action<string>? Trouble
    {
        get => _log.Trouble;
        set => _log.Trouble = value;
    }

    /// <summary>The directory, absolute.</summary>
    public string Path { get; }

    /// <summary>The whole resolved configuration.</summary>
    public string ConfigPath => In(ConfigFile);

    /// <summary>One line a step and one an epoch.</summary>
    public string MetricsPath => In(MetricsFile);

    /// <summary>One line for every other event.</summary>
    public string EventsPath => In(EventsFile);

    /// <summary>The result.</summary>
    public string SummaryPath => In("summary.json");

    /// <summary>The trained model.</summary>
    public string ModelPath => In("model.safetensors");

    /// <summary>The learning curves.</summary>
    public string CurvesPath => In(CurvesFile);

    /// <summary>The checkpoint after <paramref name="step"/> steps.</summary>
    public string CheckpointPath(long step) => In(string.Create(CultureInfo.InvariantCulture, $"checkpoint-{step}.safetensors"));

    /// <summary>Creates <c>&lt;root&gt;/&lt;date&gt;-&lt;time&gt;-&lt;name&gt;</c> for a new run, with a number behind it if there is one already.</summary>
    /// <param name="root">Usually <c>runs</c>.</param>
    /// <param name="name">The run's name; what a file name should not have becomes a hyphen.</param>
    /// <param name="time">The clock the name comes from, in local time.</param>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public static RunDirectory Create(string root, string name, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        string stamp = time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string stem = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, $"{stamp}-{FileName(name)}"));
        for (int number = 1; ; number++)
        {
            string path = number == 1 ? stem : string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
            if (TryClaim(path, time) is RunDirectory run)
            {
                return run;
            }
        }
    }

    /// <summary>
    /// Uses a directory of the user's choice for a new run, creating it if needed. One whose run was killed before it had
    /// written anything is begun anew.
    /// </summary>
    /// <param name="directory">The directory, which must not hold a run unless <paramref name="overwrite"/> says so.</param>
    /// <param name="overwrite">Replaces the metrics and events of a run that is there.</param>
    /// <exception cref="BadInputException">It already holds a run.</exception>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public static RunDirectory CreateAt(string directory, bool overwrite = false)
    {
        string path = System.IO.Path.GetFullPath(directory);
        if (overwrite)
        {
            RunDirectoryException.Guard(path, () => Directory.CreateDirectory(path));
            return Open(path, null, () =>
            {
                File.Delete(System.IO.Path.Combine(path, EventsFile));
                return (Append(System.IO.Path.Combine(path, MetricsFile), FileMode.Create), null);
            });
        }

        return TryClaim(path, null) ?? TryTakeOver(path) ?? throw new BadInputException($"{directory}: already holds a run; give another directory, or --resume it");
    }

    /// <summary>
    /// Goes on with a run that stopped. Metrics of steps after <paramref name="step"/>, which will be taken again, and a
    /// line that was only half written are removed; events are kept. An evaluation at that step that was written stays,
    /// and is not written a second time.
    /// </summary>
    /// <param name="directory">The directory of the run.</param>
    /// <param name="step">The step of the checkpoint it goes on from.</param>
    /// <param name="before">Runs when the directory belongs to this process and nothing has been changed yet; what it throws leaves it so.</param>
    /// <exception cref="BadInputException">There is no run in it.</exception>
    /// <exception cref="RunDirectoryException">It cannot be written, or the run is still open elsewhere.</exception>
    public static RunDirectory Resume(string directory, long step, Action? before = null)
    {
        string path = System.IO.Path.GetFullPath(directory);
        string metricsPath = System.IO.Path.Combine(path, MetricsFile);
        if (!File.Exists(metricsPath))
        {
            throw new BadInputException($"{directory}: holds no run to resume: there is no {MetricsFile} in it");
        }

        return Open(path, null, () =>
        {
            before?.Invoke();
            // A figure may be drawn by any process at any time.
            AtomicFile.DeleteLeftovers(path, name => name != CurvesFile);
            FileStream metrics = Append(metricsPath, FileMode.Open);
            string? last = LineCut.CutAfterLast(metrics, line => StepOf(line) <= step);
            return (metrics, last is not null && IsEpoch(last) && StepOf(last) == step ? step : null);
        });
    }

    /// <summary>
    /// Tells what happened. Costs well under a microsecond and never waits for the disk; what cannot be written is kept
    /// and tried again.
    /// </summary>
    /// <exception cref="RunDirectoryException">More could not be written than is kept.</exception>
    public void Observe(RunEvent runEvent) => _log.Append(runEvent);

    /// <summary>Waits until everything observed so far is in the files.</summary>
    /// <exception cref="RunDirectoryException">Something could not be written yet.</exception>
    public void Flush() => _log.Flush();

    /// <summary>Writes <c>config.json</c>.</summary>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public void WriteConfig(string json) => WriteText(ConfigPath, json);

    /// <summary>Writes <c>summary.json</c>.</summary>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public void WriteSummary(RunSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        WriteText(SummaryPath, summary.ToJson());
    }

    /// <summary>Writes what is left and closes the files.</summary>
    /// <exception cref="RunDirectoryException">Something could not be written, and no earlier call said so.</exception>
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

    private string In(string file) => System.IO.Path.Combine(Path, file);

    private static void WriteText(string path, string text) =>
        RunDirectoryException.Guard(path, () => AtomicFile.WriteText(path, text + "\n"));

    /// <summary>Creates the directory and its metrics file; null if that file, and so a run, is already there.</summary>
    private static RunDirectory? TryClaim(string path, TimeProvider? time)
    {
        string metricsPath = System.IO.Path.Combine(path, MetricsFile);
        RunDirectoryException.Guard(path, () => Directory.CreateDirectory(path));
        try
        {
            RunDirectoryException.Guard(metricsPath, () => Append(metricsPath, FileMode.CreateNew).Dispose());
        }
        catch (RunDirectoryException) when (File.Exists(metricsPath))
        {
            return null;
        }

        return Open(path, time, () => (Append(metricsPath, FileMode.Open), null));
    }

    /// <summary>Opens the directory of a run that left nothing; null if it left something, or is about to.</summary>
    private static RunDirectory? TryTakeOver(string path)
    {
        if (!HoldsNothing(path))
        {
            return null;
        }

        try
        {
            // Its process may have written something before it let go of the directory.
            return Open(path, null, () => HoldsNothing(path)
                ? (Append(System.IO.Path.Combine(path, MetricsFile), FileMode.Open), null)
                : throw new IOException("a run has begun in it"));
        }
        catch (RunDirectoryException)
        {
            return null;
        }
    }

    /// <summary>Whether there is only what a run makes before it writes its first line: its configuration and empty files.</summary>
    private static bool HoldsNothing(string path) =>
        new DirectoryInfo(path).EnumerateFileSystemInfos().All(entry => entry is FileInfo file && (
            file.Name is ConfigFile or ".lock"
            || (file.Name is MetricsFile or EventsFile && file.Length == 0)
            || (file.Name[0] == '.' && file.Extension == ".tmp")));

    /// <summary>
    /// Takes the directory for this process, then opens its metrics. The system lets go of the lock when the process ends,
    /// however it ends.
    /// </summary>
    private static RunDirectory Open(string path, TimeProvider? time, Func<(FileStream Metrics, long? Evaluated)> openMetrics)
    {
        string lockPath = System.IO.Path.Combine(path, ".lock");
        FileStream processLock = RunDirectoryException.Guard(
            lockPath, () => new FileStream(lockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose));
        try
        {
            (FileStream metrics, long? evaluated) = RunDirectoryException.Guard(path, openMetrics);
            return new(path, processLock, metrics, time, evaluated);
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

    /// <summary>Opens a file of lines to append to, without the rest of a line that was never finished.</summary>
    private static FileStream AppendToWholeLines(string path)
    {
        FileStream stream = Append(path, FileMode.OpenOrCreate);
        if (stream.CanSeek)
        {
            LineCut.CutAfterLast(stream, line => StepOf(line) is not null);
        }

        return stream;
    }

    private static bool IsEpoch(string line) => line.Contains("\"testLoss\":", StringComparison.Ordinal);

    /// <summary>The step of a line, 0 if it has none, null if it is not a JSON object.</summary>
    private static long? StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind != JsonValueKind.Object ? null
                : document.RootElement.TryGetProperty("step", out JsonElement step) && step.TryGetInt64(out long number) ? number
                : 0;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string FileName(string name)
    {
        const int longest = 60;
        char[] characters = [.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-').Take(longest)];
        return characters.Length == 0 ? "run" : new(characters);
    }
}
