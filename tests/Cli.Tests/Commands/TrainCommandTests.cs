using System.Runtime.InteropServices;
using System.Text.Json;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void A_run_leaves_every_file_and_prints_every_field_of_the_contract()
    {
        ProcessResult result = Train("run", "--validation", "100");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [
                "testAccuracy", "testLoss", "trainLoss", "validationAccuracy", "metrics", "bestEpoch", "bestStep", "epochs", "steps", "trainedRows", "epochRows", "images",
                "trainSeconds", "totalSeconds", "imagesPerSecond", "weightsSha256", "parameters", "workers", "shards", "blas", "seed", "reassignedShards", "workersLost",
                "resumedFromStep", "runDirectory",
            ],
            result.Json.EnumerateObject().Select(field => field.Name));
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
        Assert.True(result.Json.GetProperty("testAccuracy").GetDouble() > 0.7);
        // The last step's checkpoint is always written, and at most one before it is kept: which, the disk decides.
        Assert.Equal(
            ["checkpoint-21.safetensors", "config.json", "curves.png", "events.jsonl", "metrics.jsonl", "model.onnx", "model.safetensors", "summary.json"],
            Directory.GetFiles(_directory["run"]).Select(Path.GetFileName).Where(file => file is not ("checkpoint-8.safetensors" or "checkpoint-15.safetensors")).Order());
        Assert.InRange(Directory.GetFiles(_directory["run"], "checkpoint-*").Length, 1, 2);
        Assert.Equal(result.Output.Trim(), File.ReadAllText(_directory["run/summary.json"]).Trim());

        RunEvent[] metrics = [.. MetricsReader.Read(_directory["run/metrics.jsonl"])];
        Assert.Equal(Enumerable.Range(1, 21).Select(step => (long)step), metrics.OfType<StepCompleted>().Select(step => step.Step));
        Assert.Equal([1, 2, 3], metrics.OfType<EpochCompleted>().Select(epoch => epoch.Epoch));
    }

    [Fact]
    public void Events_begin_with_the_start_of_each_term_and_end_with_its_end()
    {
        Assert.Equal(130, Train("run", "--stop-after", "9").ExitCode);
        Assert.Equal(0, NnClusterProcess.Run("train", "--resume", _directory["run"]).ExitCode);
        RunEvent[] events = [.. new EventTail(_directory["run/events.jsonl"]).Read().Select(logged => logged.Event)];
        RunStarted[] started = [.. events.OfType<RunStarted>()];
        Assert.Equal([(1L, null), (2L, 9L)], started.Select(start => (start.Term, start.ResumedFromStep)));
        Assert.Equal([23L, 23L], started.Select(start => start.TotalSteps));
        Assert.Equal(started[0].RunId, started[1].RunId);
        int second = Array.LastIndexOf(events, started[1]);
        Assert.Equal(started[0], events[0]);
        Assert.Equal((RunOutcomeKind.Interrupted, 9L, null), EndIn(events[second - 1]));
        Assert.Equal((RunOutcomeKind.Completed, 23L, null), EndIn(events[^1]));
        Assert.Equal(2, events.OfType<RunEnded>().Count());
    }

    [Fact]
    public void Evaluating_the_run_gives_its_test_accuracy()
    {
        ProcessResult trained = Train("run");
        ProcessResult evaluated = NnClusterProcess.Run("evaluate", _directory["run"], "--json");
        Assert.Equal(trained.Json.GetProperty("testAccuracy").GetDouble(), evaluated.Json.GetProperty("accuracy").GetDouble(), 1e-6);
        Assert.Equal(200, evaluated.Json.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(count => count.GetInt32())));
    }

    [Fact]
    public void Initial_parameters_come_from_the_file_they_are_asked_from()
    {
        Train("first");
        // A step too small to change a single bit: what comes out is what went in.
        ProcessResult second = Train("second", "--init-from", _directory["first/model.safetensors"], "--optimizer", "sgd", "--learning-rate", "1e-30");
        Assert.Equal(JsonDocument.Parse(File.ReadAllText(_directory["first/summary.json"])).RootElement.GetProperty("weightsSha256").GetString(), second.Field("weightsSha256"));
    }

    [Fact]
    public void Stop_after_ends_at_that_step_and_does_not_creep_beyond_it()
    {
        ProcessResult stopped = Train("run", "--stop-after", "9");
        Assert.Equal((130, "9"), (stopped.ExitCode, stopped.Field("steps")));
        ProcessResult again = NnClusterProcess.Run("train", "--json", "--resume", _directory["run"], "--stop-after", "9");
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("--stop-after 9: the run in", again.Error, StringComparison.Ordinal);
        ProcessResult whole = NnClusterProcess.Run("train", "--json", "--resume", _directory["run"]);
        Assert.Equal(Train("undisturbed").Field("weightsSha256"), whole.Field("weightsSha256"));
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public void An_interrupted_run_leaves_a_checkpoint_and_goes_on_to_the_same_bits(PosixSignal signal)
    {
        string[] arguments = ["--epochs", "400", "--hidden", "24", "--batch-norm", "--dropout", "0.1"];
        string undisturbed = Train("undisturbed", arguments).Field("weightsSha256");
        using (var process = new NnClusterProcess(Arguments("run", arguments)))
        {
            process.Follow.WaitForEpoch(3);
            process.Signal(signal);
            ProcessResult interrupted = process.Wait();
            Assert.Equal(130, interrupted.ExitCode);
            Assert.Contains($"resume with: nncluster train --resume {_directory["run"]}", interrupted.Error, StringComparison.Ordinal);
        }

        ProcessResult resumed = NnClusterProcess.Run("train", "--json", "--resume", _directory["run"], "--workers", "3");
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.True(resumed.Json.GetProperty("resumedFromStep").GetInt64() > 0);
        Assert.Equal(undisturbed, resumed.Field("weightsSha256"));
    }

    [Fact]
    // Only place and layout of the option differ; the run's own configuration gives everything else.
    public void A_run_goes_on_however_the_option_is_written()
    {
        string hash = Train("run", "--checkpoint-every", "8").Field("weightsSha256");
        File.WriteAllText(_directory["go-on.json"], $$"""{ "resume": "{{_directory["run"]}}", "json": true }""");
        foreach (string[] arguments in new[] { [$"--resume={_directory["run"]}", "--json"], new[] { "--config", _directory["go-on.json"] } })
        {
            ProcessResult resumed = NnClusterProcess.Run(["train", .. arguments]);
            Assert.True(resumed.ExitCode == 0, resumed.Error);
            Assert.Equal(hash, resumed.Field("weightsSha256"));
        }
    }

    [Fact]
    public void A_run_that_goes_on_is_not_given_another_directory()
    {
        Train("run");
        ProcessResult resumed = NnClusterProcess.Run("train", "--resume", _directory["run"], "--out", _directory["other"]);
        Assert.Equal(2, resumed.ExitCode);
        Assert.Equal($"--resume {_directory["run"]} and --out {_directory["other"]}: a run resumes in its own directory; give one of them.", resumed.Error);
        Assert.False(Directory.Exists(_directory["other"]));
    }

    [Fact]
    public void A_run_goes_on_without_the_files_that_it_began_with()
    {
        Train("first");
        File.WriteAllText(_directory["net.json"], """{ "hidden": [{ "units": 12, "activation": "tanh" }] }""");
        File.Copy(_directory["first/model.safetensors"], _directory["init.safetensors"]);
        string[] arguments = ["--model", _directory["net.json"], "--stop-after", "9"];
        string[] fromFile = ["--init-from", _directory["init.safetensors"], "--stop-after", "9"];
        Assert.Equal(130, Train("model", arguments).ExitCode);
        Assert.Equal(130, Train("init", fromFile).ExitCode);
        string[] undisturbed = [Train("other-model", arguments[..2]).Field("weightsSha256"), Train("other-init", fromFile[..2]).Field("weightsSha256")];
        File.WriteAllText(_directory["net.json"], """{ "hidden": [] }""");
        File.Delete(_directory["init.safetensors"]);
        Assert.Equal(undisturbed, new[] { "model", "init" }.Select(run => NnClusterProcess.Run("train", "--json", "--resume", _directory[run]).Field("weightsSha256")));
        ProcessResult again = NnClusterProcess.Run("train", "--json", "--config", _directory["other-model/config.json"], "--out", _directory["again"]);
        Assert.Equal(undisturbed[0], again.Field("weightsSha256"));
    }

    [Fact]
    public void Resuming_with_an_option_that_changes_the_bits_is_refused()
    {
        Train("run");
        ProcessResult resumed = NnClusterProcess.Run("train", "--resume", _directory["run"], "--learning-rate", "0.5");
        Assert.Equal(2, resumed.ExitCode);
        Assert.StartsWith(
            $"--resume {_directory["run"]}: this is not the same run: its optimizer.learningRate is ", resumed.Error, StringComparison.Ordinal);
        Assert.EndsWith("and 0.5 is asked for", resumed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_whose_data_file_was_renamed_goes_on_and_one_with_another_seed_does_not()
    {
        File.WriteAllLines(_directory["before.csv"], Enumerable.Range(0, 300).Select(i => FormattableString.Invariant($"{i % 7},{i % 11},{(i * 3 % 13) + 0.5}")));
        string[] training = ["--epochs", "4"];
        string undisturbed = NnClusterProcess.Run(["train", "--json", "--dataset", _directory["before.csv"], .. training, "--out", _directory["whole"]]).Field("weightsSha256");
        Assert.Equal(130, NnClusterProcess.Run(["train", "--dataset", _directory["before.csv"], .. training, "--stop-after", "3", "--out", _directory["run"]]).ExitCode);
        File.Move(_directory["before.csv"], _directory["after.csv"]);
        ProcessResult other = NnClusterProcess.Run("train", "--resume", _directory["run"], "--dataset", _directory["after.csv"], "--seed", "9");
        Assert.Equal(2, other.ExitCode);
        Assert.EndsWith("this is not the same run: its seed is 1, and 9 is asked for", other.Error, StringComparison.Ordinal);
        ProcessResult resumed = NnClusterProcess.Run("train", "--json", "--resume", _directory["run"], "--dataset", _directory["after.csv"]);
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(("3", undisturbed), (resumed.Field("resumedFromStep"), resumed.Field("weightsSha256")));

        // The run knows where its data are now.
        Assert.Contains("after.csv", File.ReadAllText(Path.Combine(_directory["run"], "config.json")), StringComparison.Ordinal);
        ProcessResult evaluated = NnClusterProcess.Run("evaluate", _directory["run"], "--json");
        Assert.True(evaluated.ExitCode == 0, evaluated.Error);
    }

    [Fact]
    public void Math_net_learns_as_well_and_is_identical_with_itself_for_any_number_of_workers() => LearnsWith("mathnet");

    [OpenBlasFact]
    public void Open_blas_learns_as_well_and_is_identical_with_itself_for_any_number_of_workers() => LearnsWith("openblas");

    [Fact]
    public void As_many_epochs_are_told_as_were_asked_for_though_the_last_rows_fill_no_batch()
    {
        string[] arguments = ["train", "--dataset", NnClusterProcess.MnistRows, "--epochs", "2", "--batch-size", "700"];
        ProcessResult whole = NnClusterProcess.Run([.. arguments, "--json", "--out", _directory["whole"]]);
        long rows = whole.Json.GetProperty("epochRows").GetInt64();
        Assert.InRange(rows, 700, 1049);
        Assert.Equal(("2", "2", "1400"), (whole.Field("epochs"), whole.Field("steps"), whole.Field("trainedRows")));
        Assert.Equal(2, Assert.Single(RunHistory.Read(_directory["whole/metrics.jsonl"]).Epochs).Epoch);
        Assert.Contains(
            FormattableString.Invariant($"2 epochs less {(2 * rows) - 1400} rows that fill no batch"),
            NnClusterProcess.Run([.. arguments, "--out", _directory["text"]]).Output, StringComparison.Ordinal);

        Assert.Equal(130, NnClusterProcess.Run([.. arguments, "--stop-after", "1", "--out", _directory["part"]]).ExitCode);
        ProcessResult resumed = NnClusterProcess.Run("train", "--json", "--resume", _directory["part"]);
        Assert.Equal(("2", "1400", whole.Field("weightsSha256")), (resumed.Field("epochs"), resumed.Field("trainedRows"), resumed.Field("weightsSha256")));
    }

    [Fact]
    public void The_target_accuracy_ends_the_run_early()
    {
        ProcessResult result = Train("run", "--epochs", "50", "--target-accuracy", "0.5");
        Assert.True(result.Json.GetProperty("epochs").GetInt32() < 50);
        Assert.True(result.Json.GetProperty("testAccuracy").GetDouble() >= 0.5);
    }

    /// <summary>The notebook printed 12.5 at the first step, 0.24 at step 250, and 0.9246 at the end.</summary>
    [Fact]
    public void The_notebook_preset_lands_where_the_notebook_does()
    {
        ProcessResult result = NnClusterProcess.Run("train", "--json", "--preset", "notebook", "--out", _directory["run"]);
        Assert.True(result.ExitCode == 0, result.Error);
        float[] losses = [.. MetricsReader.Read(_directory["run/metrics.jsonl"]).OfType<StepCompleted>().Select(step => step.Loss)];
        Assert.Equal(402, losses.Length);
        Assert.InRange(losses[0], 12, 16);
        Assert.InRange(losses[249], 0.05, 0.35);
        Assert.InRange(result.Json.GetProperty("testAccuracy").GetDouble(), 0.91, 0.94);
    }

    [Fact]
    public void Info_counts_the_notebook_s_example_network()
    {
        File.WriteAllText(_directory["model.json"], """{ "inputs": 3, "outputs": 1, "hidden": [{ "units": 4 }, { "units": 4 }], "loss": "mse" }""");
        ProcessResult result = NnClusterProcess.Run("info", "--model", _directory["model.json"], "--json");
        Assert.Equal("""{"neurons":9,"weights":32,"biases":9,"parameters":41}""", result.Output.Trim());
    }

    public void Dispose() => _directory.Dispose();

    private static (RunOutcomeKind Outcome, long Step, string? Reason) EndIn(RunEvent last)
    {
        RunEnded ended = Assert.IsType<RunEnded>(last);
        return (ended.Outcome, ended.Step, ended.Reason);
    }

    private void LearnsWith(string blas)
    {
        ProcessResult one = Train("one", "--blas", blas, "--workers", "1");
        Assert.True(one.Json.GetProperty("testAccuracy").GetDouble() > 0.7);
        Assert.Equal(one.Field("weightsSha256"), Train("three", "--blas", blas, "--workers", "3").Field("weightsSha256"));
    }

    private ProcessResult Train(string run, params string[] arguments) => NnClusterProcess.Run(Arguments(run, arguments));

    private string[] Arguments(string run, string[] arguments)
    {
        string[] epochs = arguments.Contains("--epochs") ? [] : ["--epochs", "3"];
        return ["train", "--json", "--dataset", NnClusterProcess.MnistRows, "--batch-size", "128", .. epochs, .. arguments, "--out", _directory[run]];
    }
}
