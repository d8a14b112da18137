using System.Text.Json.Nodes;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Every option of every command may come from a file; the command line wins.</summary>
public sealed class ConfigTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void The_command_line_wins_over_the_file()
    {
        Write("""{ "workers": 2, "batchSize": 512, "hidden": [64, 32], "json": true }""");
        ProcessResult result = Run("simulate", "--config", "c.json", "--workers", "3", "--steps", "5");
        Assert.Equal(("3", "512"), (result.Field("workers"), result.Field("batchSize")));
        Assert.Equal(((784 + 1) * 64) + ((64 + 1) * 32) + ((32 + 1) * 10), result.Json.GetProperty("parameters").GetInt32());
    }

    [Theory]
    [InlineData("data list", """{ "json": true }""")]
    [InlineData("evaluate run", """{ "dataset": "missing.csv" }""")]
    [InlineData("predict run 3.png", """{ "blas": "simd" }""")]
    [InlineData("plot run", """{ "output": "x.png" }""")]
    [InlineData("explore activations", """{ "quick": true }""")]
    [InlineData("info", """{ "model": "missing.json" }""")]
    [InlineData("chaos", """{ "minWorkers": 2 }""")]
    [InlineData("launch", """{ "cookieFile": "missing" }""")]
    public void A_name_that_is_no_option_of_the_command_is_refused(string command, string good)
    {
        JsonObject options = JsonNode.Parse(good)!.AsObject();
        options["noSuch"] = 1;
        Write(options.ToJsonString());
        ProcessResult result = Run([.. command.Split(' '), "--config", "c.json"]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("--config c.json: there is no option 'noSuch'; expected names such as ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("epoch", "epochs")]
    [InlineData("batch-size", "batchSize")]
    [InlineData("learningrate", "learningRate")]
    public void A_mistyped_name_gets_the_nearest_one_named(string typed, string name)
    {
        Write(new JsonObject { [typed] = 1 }.ToJsonString());
        ProcessResult result = Run("train", "--config", "c.json");
        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"--config c.json: there is no option '{typed}'; did you mean '{name}'?", result.Error);
    }

    [Theory]
    [InlineData("[1]", "expected one JSON object")]
    [InlineData("{", "is not JSON")]
    [InlineData("""{ "epochs": 1, "epochs": 2 }""", "is not JSON")]
    [InlineData("""{ "epochs": [[1]] }""", "'epochs' must be a number, a text, true, false or a list of them.")]
    [InlineData("""{ "epochs": { "a": 1 } }""", "--epochs {\"a\":1}: expected a whole number")]
    [InlineData("""{ "epochs": 0 }""", "--epochs 0: expected a whole number of at least 1")]
    public void A_file_that_is_wrong_is_named_with_the_reason(string content, string reason)
    {
        Write(content);
        ProcessResult result = Run("train", "--config", "c.json");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Error);
    }

    [Fact]
    public void A_worker_takes_its_options_from_a_file_the_required_one_too()
    {
        Write("""{ "join": "127.0.0.1:1", "giveUpAfter": "1s", "name": "filed", "workers": 1 }""");
        ProcessResult result = Run("worker", "--config", "c.json");
        Assert.Equal(ExitCode.CoordinatorGone, result.ExitCode);
        Assert.Contains("filed: ", result.Error, StringComparison.Ordinal);
        Write("""{ "jion": "127.0.0.1:1" }""");
        ProcessResult wrong = Run("worker", "--config", "c.json");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("there is no option 'jion'", wrong.Error, StringComparison.Ordinal);
    }

    /// <summary>Coordinator and workers have the same cookie, and the address is the one of the file.</summary>
    [Fact]
    public void A_launch_gives_all_its_processes_what_the_file_says()
    {
        int port = LocalPort.FindFree();
        File.WriteAllText(_directory["cookie"], "a cookie that nobody can guess");
        Write(new JsonObject
        {
            ["workers"] = 2,
            ["listen"] = $"127.0.0.1:{port}",
            ["cookieFile"] = _directory["cookie"],
            ["cache"] = _directory["cache"],
            ["dataset"] = NnClusterProcess.MnistRows,
            ["epochs"] = 1,
            ["json"] = true,
        }.ToJsonString());
        using var launch = new NnClusterProcess(["launch", "--config", "c.json", "--batch-size", "256"], directory: _directory.Path);
        Assert.Equal($"127.0.0.1:{port}", launch.WaitFor<Listening>().Address);
        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("2", result.Field("workers"));
        JsonNode config = JsonNode.Parse(File.ReadAllText(Path.Combine(_directory.Path, result.Field("runDirectory"), "config.json")))!;
        Assert.Equal(("256", "1"), ((string?)config["batchSize"], (string?)config["epochs"]));
    }

    [Fact]
    public void A_coordinator_that_a_launch_starts_again_needs_no_file_that_the_run_began_with()
    {
        File.WriteAllText(_directory["net.json"], """{ "hidden": [{ "units": 12 }] }""");
        string[] run = ["--dataset", NnClusterProcess.MnistRows, "--model", "net.json", "--epochs", "1000", "--json"];
        using var launch = new NnClusterProcess(["launch", "--workers", "1", "--cache", _directory["cache"], "--out", "run", .. run], directory: _directory.Path);
        int coordinator = launch.WaitFor<ChildStarted>(child => child.Name == "coordinator").ProcessId;
        launch.Follow.WaitForEpoch(3);
        File.Move(_directory["net.json"], _directory["elsewhere.json"]);
        NnClusterProcess.Signal(coordinator, 9);
        ProcessResult result = launch.Wait();
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.NotEqual("", result.Field("resumedFromStep"));
        File.Move(_directory["elsewhere.json"], _directory["net.json"]);
        Assert.Equal(Run(["train", .. run, "--out", "alone"]).Field("weightsSha256"), result.Field("weightsSha256"));
    }

    [Fact]
    public void The_configuration_of_a_run_means_the_same_elsewhere()
    {
        Directory.CreateDirectory(_directory["rows"]);
        foreach (string file in Directory.GetFiles(NnClusterProcess.MnistRows))
        {
            File.Copy(file, Path.Combine(_directory["rows"], Path.GetFileName(file)));
        }

        // A directory that has the name of a known set does not hide it.
        Directory.CreateDirectory(_directory["mnist"]);
        Assert.Equal(0, Run("train", "--dataset", "rows", "--data-dir", "mnist", "--epochs", "1", "--out", "run").ExitCode);
        JsonNode config = JsonNode.Parse(File.ReadAllText(_directory["run/config.json"]))!;
        Assert.Equal((_directory["rows"], _directory["mnist"]), ((string?)config["dataset"], (string?)config["dataDir"]));
        Assert.Equal(0, Run("train", "--limit", "2000", "--epochs", "1", "--out", "known", "--dataset", "mnist").ExitCode);
        Assert.Equal("mnist", (string?)JsonNode.Parse(File.ReadAllText(_directory["known/config.json"]))!["dataset"]);
    }

    public void Dispose() => _directory.Dispose();

    private void Write(string content) => File.WriteAllText(_directory["c.json"], content);

    private ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, directory: _directory.Path);
        return process.Wait();
    }
}
