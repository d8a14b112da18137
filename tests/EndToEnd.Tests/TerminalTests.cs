using System.Diagnostics;
using System.Text.RegularExpressions;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>The terminal while a run trains and loses a worker: whole lines above the panel, and nothing left of an earlier panel.</summary>
public sealed partial class TerminalTests : IDisposable
{
    private readonly SmallCluster _cluster = new();
    private readonly string _server = $"nncluster-test-{Guid.NewGuid():N}";

    public void Dispose()
    {
        if (TmuxTheoryAttribute.IsInstalled)
        {
            Tmux("kill-server");
        }

        _cluster.Dispose();
    }

    [TmuxTheory]
    [InlineData(80)]
    [InlineData(120)]
    public void Lines_above_the_panel_are_whole(int columns)
    {
        string run = _cluster.Directory["run"];
        string[] command =
        [
            "dotnet", NnClusterProcess.Program, "train", "--listen", _cluster.Address, "--workers", "0", "--min-workers", "1",
            .. SmallCluster.Training(SmallCluster.Endless), "--out", run, "--end-with-input",
        ];
        Tmux(["new-session", "-d", "-x", $"{columns}", "-y", "50", string.Join(' ', command.Select(word => $"'{word}'"))]);
        _cluster.Worker("steady");
        NnClusterProcess victim = _cluster.Worker("victim-with-a-name-that-is-long");
        var follow = new RunFollower(run, () => false, Screen);
        follow.WaitForJoin();
        follow.WaitForJoin();
        follow.WaitForNextEpoch();
        NnClusterProcess.Signal(victim.Id, SmallCluster.SigKill);
        follow.WaitForLoss("victim-with-a-name-that-is-long.1");
        follow.WaitForNextEpoch();

        string[] lines = WaitForPanel();
        int panel = Array.FindIndex(lines, Header().IsMatch);
        Assert.All(lines[..panel], line => Assert.Matches(Line(), line));
        Assert.Contains(lines[..panel], line => line.StartsWith("victim-with-a-name-that-is-long.1 lost: ", StringComparison.Ordinal));
        Assert.Matches("^[━─]{40} ", lines[panel + 1]);
        Assert.Matches("^epoch ", lines[panel + 2]);
        Assert.Single(lines, Header().IsMatch);
    }

    /// <summary>The screen when it shows the loss and a panel with it, lines that the terminal broke joined.</summary>
    private string[] WaitForPanel()
    {
        for (long start = TimeProvider.System.GetTimestamp(); ;)
        {
            string[] lines = [.. Screen().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
            int panel = Array.FindIndex(lines, Header().IsMatch);
            if (panel >= 0 && lines[panel..].Any(line => line.Contains("  lost: ", StringComparison.Ordinal)) && lines[..panel].Any(line => line.Contains(" lost: ", StringComparison.Ordinal)))
            {
                return lines;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(1), Screen());
            Thread.Sleep(50);
        }
    }

    private string Screen() => Tmux("capture-pane", "-p", "-J", "-S", "-");

    private string Tmux(params string[] arguments)
    {
        using var tmux = Process.Start(new ProcessStartInfo("tmux", ["-L", _server, "-f", "/dev/null", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["TERM"] = "xterm-256color", ["LC_ALL"] = "C.UTF-8" },
        })!;
        Task<string> errors = tmux.StandardError.ReadToEndAsync();
        string output = tmux.StandardOutput.ReadToEnd();
        tmux.WaitForExit();
        Assert.True(tmux.ExitCode == 0, errors.Result);
        return output;
    }

    [GeneratedRegex(@"^run  [\d,]+ parameters, \d+ workers?, \d+ shards, ")]
    private static partial Regex Header();

    /// <summary>The lines that a run may write above its panel.</summary>
    [GeneratedRegex(
        @"^(validation \d+ of \d+ rows, stratified, seed \d+"
        + @"|run: [\d,]+ parameters, [\d,]+ epochs of \d+-row batches, \d+ shards, simd, seed \d+"
        + @"|run directory: \S+"
        + @"|listening on \S+ \(term 1\); waiting for 1 worker: nncluster worker --join \S+"
        + @"|[\w-]+\.\d joined"
        + @"|[\w-]+\.\d lost: .+"
        + @"|step \d+: reassigned \d+ shards? of [\w-]+\.\d: .+"
        + @"|epoch [\d/]+  step \d+  train loss [\d.]+  test loss [\d.]+  train [\d.]+ %  test [\d.]+ %"
        + @"  validation loss [\d.]+  validation [\d.]+ %(  [\d,]+ rows/s)?  [\d.]+ s)$")]
    private static partial Regex Line();
}
