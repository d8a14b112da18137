using System.Globalization;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A table of one's own: trained with the defaults, measured on other files, and answered row by row.</summary>
public sealed class OwnTableTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string[] _lines = [.. Lines(240)];

    public OwnTableTests() => Write("flowers.csv", _lines);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_defaults_learn_it_say_what_was_decided_and_compare_with_a_baseline()
    {
        ProcessResult result = Train();
        Assert.Contains("target kind, 3 classes; test 48 of 240 rows, stratified, seed 1", result.Error, StringComparison.Ordinal);
        Assert.Contains("missing values filled with the mean, in text with the most frequent value: width (", result.Error, StringComparison.Ordinal);
        System.Text.Json.JsonElement metrics = result.Json.GetProperty("metrics");
        Assert.True(metrics.GetProperty("accuracy").GetDouble() > 0.95);
        Assert.Equal(result.Json.GetProperty("testAccuracy").GetDouble(), metrics.GetProperty("accuracy").GetDouble(), 1e-6);
        Assert.Equal(1 / 3.0, metrics.GetProperty("baseline").GetProperty("accuracy").GetDouble(), 1e-6);
        Assert.Equal(["lily", "rose", "tulip"], metrics.GetProperty("classes").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
    }

    [Fact]
    public void Rows_and_columns_in_another_order_get_the_same_answers()
    {
        Train();
        Dictionary<string, string> answers = Answers("flowers.csv");
        Assert.Equal(240, answers.Count);
        Write("reversed.csv", [_lines[0], .. _lines.Skip(1).Reverse()]);
        Write("permuted.csv", _lines.Select(line => string.Join(',', line.Split(',').Reverse())));
        Write("lilies.csv", _lines.Where((line, i) => i == 0 || line.EndsWith("lily", StringComparison.Ordinal)));
        Assert.Equal(answers, Answers("reversed.csv"));
        Assert.Equal(answers, Answers("permuted.csv"));
        Assert.All(Answers("lilies.csv"), answer => Assert.Equal(answers[answer.Key], answer.Value));

        double accuracy = Evaluate("flowers.csv");
        Assert.True(accuracy > 0.95);
        Assert.Equal(accuracy, Evaluate("reversed.csv"), 1e-9);
        Assert.Equal(accuracy, Evaluate("permuted.csv"), 1e-9);
        Assert.True(Evaluate("lilies.csv") > 0.9);
    }

    [Fact]
    public void Predictions_read_back_give_the_same_predictions()
    {
        Train();
        ProcessResult first = Run("predict", "run", "flowers.csv", "-o", "answers.csv");
        Assert.True(first.ExitCode == 0, first.Error);
        ProcessResult second = Run("predict", "run", "answers.csv");
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Equal(File.ReadAllText(_directory["answers.csv"]).ReplaceLineEndings("\n"), second.Output.ReplaceLineEndings("\n"));
        string header = File.ReadLines(_directory["answers.csv"]).First();
        Assert.Equal("id,length,width,colour,kind,predicted kind,probability lily,probability rose,probability tulip", header);
        Assert.Equal(Evaluate("flowers.csv"), Evaluate("answers.csv"), 1e-9);
    }

    [Fact]
    public void A_regression_is_measured_and_answered_in_the_unit_of_its_target()
    {
        Write("prices.csv", ["area,rooms,price", .. Enumerable.Range(0, 300).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"{20 + (i * 7 % 100)},{i % 5},{(1000.5 * (20 + (i * 7 % 100))) + (5000 * (i % 5))}"))]);
        ProcessResult trained = Run("train", "--dataset", "prices.csv", "--json", "--out", "prices");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Assert.True(trained.Json.GetProperty("metrics").GetProperty("r2").GetDouble() > 0.98, trained.Output);
        ProcessResult answered = Run("predict", "prices", "prices.csv", "--json");
        double[] prices = [.. answered.Json.GetProperty("predictions").EnumerateArray().Select(answer => answer.GetProperty("prediction").GetDouble())];
        Assert.Equal(300, prices.Length);
        Assert.InRange(prices[0], 15_000, 26_000);
    }

    [Fact]
    public void The_model_is_never_overwritten_with_its_answers()
    {
        Assert.Equal(0, Run("train", "--dataset", "flowers.csv", "--epochs", "2", "--out", "run").ExitCode);
        ProcessResult refused = Run("predict", "run", "flowers.csv", "-o", Path.Combine("run", "model.safetensors"));
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("is the model that is read; give another file", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_learned_nothing_says_so()
    {
        Write("noise.csv", ["x,y", .. Enumerable.Range(0, 200).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i * 7919 % 211},{(i % 10 == 0 ? 'b' : 'a')}"))]);
        ProcessResult result = Run("train", "--dataset", "noise.csv", "--json", "--epochs", "1", "--learning-rate", "1e-9", "--out", "noise");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("The model does not beat its baseline: accuracy", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_number_of_workers_gives_the_same_bits()
    {
        string[][] runs =
        [
            ["train", "--workers", "1"], ["train", "--workers", "2"], ["train", "--workers", "3"], ["train", "--workers", "7"],
            ["launch", "--workers", "3"],
        ];
        ProcessResult[] results = [.. runs.Select((options, i) => Run([.. options, .. Selecting, "--out", $"run{i}"]))];
        Assert.All(results, result => Assert.True(result.ExitCode == 0, result.Error));
        Assert.Single(results.Select(result => (result.Field("weightsSha256"), result.Field("bestStep"), result.Field("steps"))).Distinct());
    }

    [Fact]
    public void A_run_that_is_resumed_within_an_epoch_selects_the_same_state_and_stops_after_the_same_step()
    {
        ProcessResult whole = Run(["train", .. Selecting, "--out", "whole"]);
        Assert.True(whole.ExitCode == 0, whole.Error);
        Assert.Contains("stopped early after epoch", whole.Error, StringComparison.Ordinal);
        int steps = int.Parse(whole.Field("steps"), CultureInfo.InvariantCulture);
        int best = int.Parse(whole.Field("bestStep"), CultureInfo.InvariantCulture);
        Assert.True(best < steps, whole.Output);
        foreach (int stop in new[] { 2, best - 1, best, best + 1, steps - 1 })
        {
            ProcessResult stopped = Run(["train", .. Selecting, "--stop-after", $"{stop}", "--out", $"stopped-{stop}"]);
            Assert.True(stopped.ExitCode == 130, stopped.Error);
            ProcessResult resumed = Run("train", "--json", "--workers", "3", "--resume", $"stopped-{stop}");
            Assert.True(resumed.ExitCode == 0, resumed.Error);
            foreach (string field in new[] { "weightsSha256", "steps", "bestStep", "bestEpoch", "testLoss", "validationAccuracy" })
            {
                Assert.Equal(whole.Field(field), resumed.Field(field));
            }
        }
    }

    [Fact]
    public void The_best_state_is_the_model_that_the_run_leaves()
    {
        ProcessResult kept = Run(["train", .. Selecting, "--out", "kept"]);
        string upToBest = Run(["train", .. Selecting, "--keep", "last", "--stop-after", kept.Field("bestStep"), "--out", "stopped"]).Field("weightsSha256");
        Assert.Equal(upToBest, kept.Field("weightsSha256"));
        ProcessResult evaluated = Run("evaluate", "kept", "--json");
        Assert.Equal(kept.Json.GetProperty("testLoss").GetDouble(), evaluated.Json.GetProperty("loss").GetDouble(), 1e-6);
    }

    [Fact]
    public void Balanced_class_weights_find_more_rows_of_a_rare_class()
    {
        var random = new Random(3);
        Write("rare.csv", ["a,b,kind", .. Enumerable.Range(0, 1500).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble() + (i % 15 == 0 ? 0.5 : 0):0.000},{random.NextDouble():0.000},{(i % 15 == 0 ? "rare" : "usual")}"))]);
        double Recall(string weight)
        {
            ProcessResult result = Run("train", "--dataset", "rare.csv", "--class-weight", weight, "--epochs", "20", "--json", "--out", weight);
            Assert.True(result.ExitCode == 0, result.Error);
            return result.Json.GetProperty("metrics").GetProperty("classes")[0].GetProperty("recall").GetDouble();
        }

        Assert.True(Recall("balanced") > Recall("none") + 0.1);
    }

    [Theory]
    [InlineData("train --dataset flowers.csv --target species", "has no column \"species\"; it has id, length, width, colour, kind")]
    [InlineData("train --dataset flowers.csv --task regression", "a regression needs finite numbers")]
    [InlineData("train --dataset flowers.csv --missing refuse", "width has no value")]
    [InlineData("train --dataset flowers.csv --categories refuse", "colour is text")]
    [InlineData("train --dataset flowers.csv --test 1", "expected a share of the rows")]
    [InlineData("train --dataset flowers.csv --validation 500", "500 validation rows cannot be held out")]
    [InlineData("train --dataset flowers.csv --patience 3", "--patience needs validation rows")]
    [InlineData("train --dataset flowers.csv --keep best", "--keep: the best state needs validation rows")]
    [InlineData("train --dataset flowers.csv --target length --class-weight balanced", "--class-weight balanced needs classes")]
    [InlineData("train --dataset flowers.csv --group rows", "has no column \"rows\"")]
    public void What_cannot_be_used_is_one_line_and_exit_code_2(string command, string message)
    {
        ProcessResult result = Run(command.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Error);
    }

    // Preparation, early stopping, best state and class weights.
    private static string[] Selecting =>
    [
        "--dataset", "flowers.csv", "--ignore", "id", "--shards", "4", "--batch-size", "32", "--validation", "0.1", "--epochs", "40",
        "--learning-rate", "0.05", "--patience", "3", "--class-weight", "balanced", "--json",
    ];

    // Three kinds apart by length and width; some widths and colours are missing; the id says nothing.
    private static IEnumerable<string> Lines(int rows)
    {
        string[] kinds = ["tulip", "rose", "lily"];
        string[] colours = ["red", "white", "yellow"];
        yield return "id,length,width,colour,kind";
        for (int i = 0; i < rows; i++)
        {
            int kind = i % 3;
            double length = 10 + (kind * 5) + (i * 13 % 17 / 10.0);
            string width = i % 11 == 5 ? "" : string.Create(CultureInfo.InvariantCulture, $"{30 - (kind * 4) + (i * 7 % 19 / 10.0):0.0}");
            string colour = i % 13 == 6 ? "NA" : colours[(i / 3 + kind) % 3];
            yield return string.Create(CultureInfo.InvariantCulture, $"{i},{length:0.0},{width},{colour},{kinds[kind]}");
        }
    }

    private ProcessResult Train()
    {
        ProcessResult result = Run("train", "--dataset", "flowers.csv", "--target", "kind", "--ignore", "id", "--json", "--out", "run");
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private double Evaluate(string file)
    {
        ProcessResult result = Run("evaluate", "run", "--dataset", file, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Json.GetProperty("metrics").GetProperty("accuracy").GetDouble();
    }

    /// <summary>The probabilities of each row by its id.</summary>
    private Dictionary<string, string> Answers(string file)
    {
        ProcessResult result = Run("predict", "run", file);
        Assert.True(result.ExitCode == 0, result.Error);
        string[] lines = result.Output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        int id = Array.IndexOf(lines[0].Split(','), "id");
        return lines.Skip(1).ToDictionary(line => line.Split(',')[id], line => string.Join(',', line.Split(',')[^4..]));
    }

    private void Write(string name, IEnumerable<string> lines) => File.WriteAllLines(_directory[name], lines);

    private ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, directory: _directory.Path);
        return process.Wait();
    }
}
