using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster evaluate RUN|FILE</c>.</summary>
internal static class EvaluateCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        Option<string?> dataset = CliOption.Text(
            "--dataset",
            "mnist|fashion-mnist|DIR|FILE",
            "Table or directory of images of which all rows are evaluated, or data set with test rows of its own. [the test rows of the run]");
        Option<string?> directory = CliOption.Text(
            "--data-dir", "DIR", "Directory that is searched first for a known data set. [the one of the run]");
        Option<string?> blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Matrix multiplication. [simd]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command("evaluate", "Metrics, loss and confusion matrix of a trained model on the test rows of its run, or on other rows.")
        {
            model, dataset, directory, blas, json,
        };
        command.SetAction(async (given, _) =>
        {
            string run = given.GetRequiredValue(model);
            SafeTensorsFile file = TrainedRun.Open(run);
            ModelFile.RequireModelSpec(file);
            IAnsiConsole console = ProgressDisplay.StandardError().Console;
            Dataset data = await TrainedData
                .OpenAsync(run, file, given.GetValue(dataset), given.GetValue(directory), console)
                .ConfigureAwait(false);
            return Evaluate(file, data, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"), given.GetValue(json));
        });
        return command;
    }

    private static JsonArray RowOf(int[,] confusion, int row) =>
        [.. Enumerable.Range(0, confusion.GetLength(1)).Select(column => JsonValue.Create(confusion[row, column]))];

    private static int Evaluate(SafeTensorsFile file, Dataset data, IBlas blas, bool json)
    {
        using var model = TrainedModel.Load(file, blas, data);
        using var predictor = new Predictor(model.Spec, model.State, blas);
        JsonObject? metrics = ModelScore.Of(predictor, data.Test, data)?.ToJson();
        (double accuracy, double loss, _, int[,] confusion) = model.Evaluate(data.Test);
        if (json)
        {
            Console.Out.WriteLine(new JsonObject
            {
                ["accuracy"] = data.Classes > 0 ? accuracy : null,
                ["loss"] = double.IsFinite(loss) ? loss : null,
                ["rows"] = data.Test.Rows,
                ["step"] = TrainedFile.StepOf(file),
                ["classNames"] = new JsonArray([.. data.ClassNames.Select(name => JsonValue.Create(name))]),
                ["metrics"] = metrics,
                ["confusion"] = new JsonArray([.. Enumerable.Range(0, data.Classes).Select(row => RowOf(confusion, row))]),
            }.ToJsonString());
            return ExitCode.Done;
        }

        bool isWeighted = model.Spec.ClassWeights is not null;
        string lossName = isWeighted ? "loss weighted by class" : "loss";
        string rows = data.Train.Rows > 0 ? "test rows" : "rows";
        rows += TrainedFile.StepOf(file) is { } step ? $", after step {step}" : "";
        Console.Out.WriteLine(data.Classes > 0
            ? $"{data.Name}, {data.Test.Rows} {rows}: accuracy {accuracy:P2}, {lossName} {loss:0.0000}"
            : $"{data.Name}, {data.Test.Rows} {rows}: loss {loss:0.000000}");
        if (metrics is not null)
        {
            Console.Out.WriteLine(MetricsText.Line(metrics));
            Console.Out.WriteLine($"baseline: {MetricsText.Line((JsonObject)metrics["baseline"]!)}");
            if (MetricsText.WarningOf(metrics, isWeighted) is { } warning)
            {
                Console.Error.WriteLine(warning);
            }
        }

        if (data.Classes > 0)
        {
            StandardOutput.Write(ConfusionTable.Create(confusion, data.ClassNames, StandardOutput.Width));
        }

        return ExitCode.Done;
    }
}
