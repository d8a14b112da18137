using System.Diagnostics;
using System.Globalization;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A slow machine gets fewer shards. That a step then takes less time is proved on a virtual clock, not here.</summary>
public sealed class UnlikeSpeedTests : IDisposable
{
    // A step takes some ten times as long as the slow worker's pauses, so that each is slowed down alike.
    private static readonly string[] Training =
    [
        "--dataset", NnClusterProcess.MnistRows, "--hidden", "800,800", "--batch-size", "1000", "--shards", "16", "--epochs", "30", "--evaluate-every", "30",
    ];

    private readonly SmallCluster _cluster = new();

    [Fact]
    public void A_worker_of_half_the_speed_is_given_fewer_shards_and_no_bit_changes()
    {
        string run = _cluster.Directory["run"];
        NnClusterProcess coordinator = _cluster.Start(["train", "--json", .. Training, "--out", run, "--listen", _cluster.Address, "--min-workers", "2"]);
        NnClusterProcess fast = _cluster.Worker("fast");
        NnClusterProcess slow = _cluster.Worker("slow");
        coordinator.Follow.WaitForJoin();
        coordinator.Follow.WaitForJoin();
        ProcessResult result;
        using (new HalfSpeed(slow.Id))
        {
            result = coordinator.Wait();
        }

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal((0, 0), (fast.Wait().ExitCode, slow.Wait().ExitCode));
        Dictionary<string, long> shards = Shards(Path.Combine(run, "events.jsonl"));
        Assert.True(shards["slow.1"] > 0 && shards["slow.1"] < 0.85 * shards["fast.1"], string.Join(", ", shards));
        Assert.Equal(NnClusterProcess.Run(["train", "--json", .. Training, "--out", _cluster.Directory["alone"]]).Field("weightsSha256"), result.Field("weightsSha256"));
    }

    public void Dispose() => _cluster.Dispose();

    private static Dictionary<string, long> Shards(string events) => new EventTail(events).Read()
        .Select(logged => logged.Event)
        .OfType<ParticipantProgress>()
        .GroupBy(progress => progress.Participant, progress => progress.Shards)
        .ToDictionary(group => group.Key, group => group.Sum());

    /// <summary>
    /// Lets a process do half of what it could: whenever it has computed for a while it is stopped for as long as that
    /// took, however busy the machine is, in turns far shorter than a step.
    /// </summary>
    private sealed class HalfSpeed : IDisposable
    {
        private const long Turn = 4_000_000;
        private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);
        private readonly ManualResetEventSlim _over = new();
        private readonly Thread _turns;

        public HalfSpeed(int process)
        {
            _turns = new(() => Slow(process));
            _turns.Start();
        }

        private void Slow(int process)
        {
            TimeSpan busy = TimeSpan.Zero;
            long computed = 0;
            long before = Computed(process) ?? 0;
            long looked = Stopwatch.GetTimestamp();
            while (!_over.Wait(Look))
            {
                long now = Computed(process) ?? before;
                long seen = Stopwatch.GetTimestamp();
                busy += now > before ? Stopwatch.GetElapsedTime(looked, seen) : TimeSpan.Zero;
                computed += now - before;
                (before, looked) = (now, seen);
                if (computed < Turn)
                {
                    continue;
                }

                if (!NnClusterProcess.TrySignal(process, SmallCluster.SigStop))
                {
                    return;
                }

                _over.Wait(busy);
                NnClusterProcess.TrySignal(process, SmallCluster.SigCont);
                (busy, computed, looked) = (TimeSpan.Zero, 0, Stopwatch.GetTimestamp());
            }
        }

        /// <summary>Nanoseconds on a processor, of all threads; null while one of them ends.</summary>
        private static long? Computed(int process)
        {
            try
            {
                return Directory.GetDirectories($"/proc/{process}/task")
                    .Sum(thread => long.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture));
            }
            catch (IOException)
            {
                return null;
            }
        }

        public void Dispose()
        {
            _over.Set();
            _turns.Join();
            _over.Dispose();
        }
    }
}
