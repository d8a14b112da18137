using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Coordinator.Reporting;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker.Cli;
using Spectre.Console;

namespace NnCluster.Coordinator.Cli;

/// <summary><c>nncluster evaluate RUN|FILE</c>.</summary>
internal static class EvaluateCommand
{
    private const int RowsAtOnce = 256;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        Option<string?> dataset = CliOption.Text("--dataset", "mnist|fashion-mnist|DIR|FILE.csv", "The data set. [the one the model was trained on]");
        Option<string?> directory = CliOption.Text("--data-dir", "DIR", "Where known data sets are looked for first.");
        Option<string?> blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Who multiplies matrices. [simd]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command("evaluate", "Accuracy, loss and confusion matrix of a trained model on the test rows.") { model, dataset, directory, blas, json };
        command.SetAction(async (given, _) =>
        {
            SafeTensorsFile file = SafeTensorsFile.Read(ModelPath(given.GetRequiredValue(model)));
            IAnsiConsole console = ProgressDisplay.StandardError().Console;
            string name = given.GetValue(dataset) ?? TrainedOn(file);
            Dataset data = await DataCommand.OpenAsync(name, given.GetValue(directory), console).ConfigureAwait(false);
            return Evaluate(file, data, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"), given.GetValue(json));
        });
        return command;
    }

    private static string ModelPath(string runOrFile)
    {
        if (!Directory.Exists(runOrFile))
        {
            return runOrFile;
        }

        string path = Path.Combine(runOrFile, "model.safetensors");
        return File.Exists(path) ? path : ResumePoint.Find(runOrFile).File.Path;
    }

    private static string TrainedOn(SafeTensorsFile file) =>
        file.Metadata.TryGetValue("runSpec", out string? spec)
            ? RunSpecJson.Parse(spec, file.Path).Dataset
            : throw new BadInputException($"{file.Path}: does not say which data set it was trained on; give one with --dataset.");

    private static int Evaluate(SafeTensorsFile file, Dataset data, IBlas blas, bool json)
    {
        string spec = file.Metadata.GetValueOrDefault(ModelFile.ModelSpecKey)
            ?? throw new BadInputException($"{file.Path}: is no model of this program: its metadata has no '{ModelFile.ModelSpecKey}'.");
        ModelSpec model = ModelSpec.Parse(spec, file.Path, data.Features, data.Outputs);
        using var network = new Network(model, blas, RowsAtOnce);
        using var state = new AlignedBuffer(network.Layout.StateLength);
        ModelFile.CopyTo(file, network.Layout.Tensors, state.Span);
        float[] metrics = Metrics(network, data, state.Span);
        double loss = metrics[0] / (double)data.Test.Rows;
        double accuracy = metrics[1] / (double)data.Test.Rows;
        int[,] confusion = Confusion(metrics, data.Classes);
        if (json)
        {
            Console.Out.WriteLine(new JsonObject
            {
                ["accuracy"] = data.Classes > 0 ? accuracy : null,
                ["loss"] = loss,
                ["rows"] = data.Test.Rows,
                ["confusion"] = new JsonArray([.. Enumerable.Range(0, data.Classes).Select(row =>
                    (JsonNode)new JsonArray([.. Enumerable.Range(0, data.Classes).Select(column => JsonValue.Create(confusion[row, column]))]))]),
            }.ToJsonString());
            return ExitCode.Done;
        }

        Console.Out.WriteLine(data.Classes > 0
            ? $"{data.Name}, {data.Test.Rows} test rows: accuracy {accuracy:P2}, loss {loss:0.0000}"
            : $"{data.Name}, {data.Test.Rows} test rows: loss {loss:0.000000}");
        if (data.Classes > 0)
        {
            AnsiConsole.Write(ConfusionTable.Create(confusion, data.ClassNames));
        }

        return ExitCode.Done;
    }

    private static float[] Metrics(Network network, Dataset data, ReadOnlySpan<float> state)
    {
        network.Load(state);
        float[] metrics = new float[network.Layout.EvaluationLength];
        float[] features = new float[RowsAtOnce * data.Features];
        for (int first = 0; first < data.Test.Rows; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, data.Test.Rows - first);
            data.Test.Copy(first, count, features);
            var rows = new LeafRows
            {
                Count = count,
                Features = features.AsSpan(0, count * data.Features),
                Labels = data.Classes > 0 ? data.Test.Labels.Slice(first, count) : [],
                Targets = data.Classes > 0 ? [] : data.Test.Targets.Slice(first * data.Targets, count * data.Targets),
            };
            network.Evaluate(rows, state, metrics, accumulate: first > 0);
        }

        return metrics;
    }

    private static int[,] Confusion(float[] metrics, int classes)
    {
        int[,] counts = new int[classes, classes];
        for (int i = 0; i < classes * classes; i++)
        {
            counts[i / classes, i % classes] = (int)metrics[ParameterLayout.ConfusionOffset + i];
        }

        return counts;
    }
}
