using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>The results in a run directory are those of its newest complete state, never of an earlier term.</summary>
public sealed class RunResultsTests : IDisposable
{
    private static readonly string[] Small = ["--dataset", NnClusterProcess.MnistRows, "--hidden", "16", "--batch-size", "100", "--learning-rate", "0.01"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void After_a_kill_the_newest_checkpoint_is_used_and_named_in_place_of_an_earlier_result()
    {
        string run = _directory["run"];
        Assert.Equal(130, NnClusterProcess.Run(["train", .. Small, "--epochs", "1000000", "--evaluate-every", "1000000", "--stop-after", "20", "--out", run]).ExitCode);
        Assert.Equal(20, NnClusterProcess.Run("evaluate", run, "--json").Json.GetProperty("step").GetInt64());
        using (var resumed = new NnClusterProcess(["train", "--resume", run, "--checkpoint-every", "10"]))
        {
            resumed.WaitFor<RunPrepared>();
            Assert.True(SpinWait.SpinUntil(() => NewestCheckpoint(run) > 20, TimeSpan.FromMinutes(1)), "no checkpoint is written");
            NnClusterProcess.Signal(resumed.Id, 9);
            Assert.Equal(137, resumed.Wait().ExitCode);
        }

        long newest = NewestCheckpoint(run);
        ProcessResult evaluated = NnClusterProcess.Run("evaluate", run, "--json");
        Assert.Equal(newest, evaluated.Json.GetProperty("step").GetInt64());
        Assert.Contains($"checkpoint-{newest}.safetensors is used, the state after step {newest}", evaluated.Error, StringComparison.Ordinal);
        Assert.Equal(newest, NnClusterProcess.Run("export", run, "-o", _directory["model.onnx"], "--json").Json.GetProperty("step").GetInt64());
        Assert.False(File.Exists(Path.Combine(run, "summary.json")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_finished_run_stays_as_it_is(bool json)
    {
        string run = _directory["run"];
        Assert.Equal(0, NnClusterProcess.Run(["train", .. Small, "--epochs", "2", "--out", run]).ExitCode);
        Dictionary<string, string> before = Contents(run);
        ProcessResult again = NnClusterProcess.Run(["train", "--resume", run, .. json ? ["--json"] : Array.Empty<string>()]);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.Contains("the run is complete, and stays as it is; --init-from", again.Error, StringComparison.Ordinal);
        Assert.Contains(json ? before["summary.json"].Trim() : JsonDocument.Parse(before["summary.json"]).RootElement.GetProperty("weightsSha256").GetString()!, again.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", again.Output, StringComparison.Ordinal);
        Assert.Equal(before, Contents(run));
    }

    /// <summary>The means of an epoch count the steps of an earlier term.</summary>
    [Fact]
    public void Epochs_of_an_interrupted_run_have_the_training_losses_of_an_undisturbed_one()
    {
        string[] training = ["train", .. Small, "--epochs", "4"];
        Assert.Equal(0, NnClusterProcess.Run([.. training, "--out", _directory["whole"]]).ExitCode);
        string[] expected = EpochLosses("whole");
        Assert.Equal(4, expected.Length);
        // In an epoch, at an epoch's end, and one step before and after it: an epoch has 10 steps.
        foreach (int stop in new[] { 5, 10, 19, 20, 21 })
        {
            string run = $"stopped-{stop}";
            Assert.Equal(130, NnClusterProcess.Run([.. training, "--stop-after", $"{stop}", "--out", _directory[run]]).ExitCode);
            ProcessResult resumed = NnClusterProcess.Run("train", "--resume", _directory[run], "--json");
            Assert.True(resumed.ExitCode == 0, resumed.Error);
            Assert.DoesNotContain("NaN", resumed.Error, StringComparison.Ordinal);
            Assert.Equal(expected, EpochLosses(run));
        }
    }

    private static long NewestCheckpoint(string run) => Directory.GetFiles(run, "checkpoint-*.safetensors")
        .Select(path => long.Parse(Path.GetFileNameWithoutExtension(path).Split('-')[1], CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();

    private static Dictionary<string, string> Contents(string run) =>
        Directory.GetFiles(run).ToDictionary(
            path => Path.GetFileName(path),
            path => path.EndsWith(".json", StringComparison.Ordinal) ? File.ReadAllText(path) : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))));

    private string[] EpochLosses(string run) =>
    [
        .. File.ReadLines(Path.Combine(_directory[run], "metrics.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => line.TryGetProperty("type", out JsonElement type) && type.GetString() == "epoch")
            .Select(line => $"{line.GetProperty("epoch")}: {line.GetProperty("trainLoss")} {line.GetProperty("trainAccuracy")}"),
    ];
}
