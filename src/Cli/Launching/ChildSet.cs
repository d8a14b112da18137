using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Launching;

/// <summary>The processes of a launch by name. After <see cref="TakeDownAsync"/> has begun, no process is started.</summary>
/// <param name="log">Gets every line of every process, with the name of the process in front.</param>
/// <param name="status">Gets a record for every process that is started.</param>
internal sealed class ChildSet(Action<string> log, Action<StatusRecord> status) : IDisposable
{
    private static readonly TimeSpan TakeDownTimeout = TimeSpan.FromSeconds(1.5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ChildProcess> _children = [];
    private bool _ending;

    /// <summary>Whether <see cref="TakeDownAsync"/> has begun.</summary>
    public bool IsEnding
    {
        get
        {
            lock (_gate)
            {
                return _ending;
            }
        }
    }

    /// <summary>Id of the running process of a name; null if there is none.</summary>
    public int? ProcessOf(string name)
    {
        lock (_gate)
        {
            return _children.TryGetValue(name, out ChildProcess? child) && !child.HasExited ? child.Id : null;
        }
    }

    /// <summary>Starts a process, which replaces an earlier one of that name.</summary>
    /// <returns>The process; null if <see cref="TakeDownAsync"/> has begun.</returns>
    /// <exception cref="BadInputException">The program cannot be started.</exception>
    public ChildProcess? Start(string name, ChildStart start)
    {
        lock (_gate)
        {
            if (_ending)
            {
                return null;
            }

            Action<string> ofChild = start.Log;
            var child = ChildProcess.Start(start with
            {
                Log = line =>
                {
                    ofChild(line);
                    // A node begins its lines with its name.
                    log($"{name,-11} | {(line.StartsWith(name + ": ", StringComparison.Ordinal) ? line[(name.Length + 2)..] : line)}");
                },
            });
            if (_children.Remove(name, out ChildProcess? earlier))
            {
                earlier.Dispose();
            }

            _children.Add(name, child);
            status(new ChildStarted(name, child.Id));
            return child;
        }
    }

    /// <summary>Requests the end of every process, and kills those that run after 1.5 s.</summary>
    public async Task TakeDownAsync()
    {
        ChildProcess[] running;
        lock (_gate)
        {
            _ending = true;
            running = [.. _children.Values.Where(child => !child.HasExited)];
        }

        foreach (ChildProcess child in running)
        {
            child.RequestEnd();
        }

        await Task.WhenAll(running.Select(child => child.EndOrKillAsync(TakeDownTimeout))).ConfigureAwait(false);
    }

    /// <summary>Kills every process.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ending = true;
            foreach (ChildProcess child in _children.Values)
            {
                child.Dispose();
            }
        }
    }
}
