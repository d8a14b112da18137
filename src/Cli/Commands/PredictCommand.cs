using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster predict RUN|FILE IMAGE.png…</c>.</summary>
internal static class PredictCommand
{
    private const int TopClasses = 3;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        var images = new Argument<string[]>("image")
        {
            Description = "Image files (PNG, JPEG, WebP, BMP, GIF): dark on light or light on dark.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Matrix multiplication. [simd]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command(
            "predict", "Class and probabilities of each image, which is scaled and centred like the data set's images.")
        {
            model, images, blas, json,
        };
        command.SetAction(given =>
        {
            SafeTensorsFile file = TrainedFile.Read(given.GetRequiredValue(model));
            using var trained = TrainedModel.Load(file, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
            var frame = ImageFrame.For(TrainedModel.TrainedOn(file), trained.Spec.Inputs, file.Path);
            Predict(trained, frame, given.GetRequiredValue(images), given.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Predict(TrainedModel model, ImageFrame frame, string[] images, bool json)
    {
        float[] features = [.. images.SelectMany(frame.Read)]; // (images, pixels)
        float[] outputs = model.Predict(features, images.Length);
        bool probabilities = model.Spec.Loss == LossKind.CrossEntropy;
        ImmutableArray<string> names = frame.ClassNames.Length == model.Spec.Outputs
            ? frame.ClassNames
            : [.. Enumerable.Range(0, model.Spec.Outputs).Select(c => $"{c}")];
        var predictions = new JsonArray();
        for (int i = 0; i < images.Length; i++)
        {
            float[] row = outputs[(i * names.Length)..((i + 1) * names.Length)];
            int[] order = [.. Enumerable.Range(0, row.Length).OrderByDescending(c => row[c])];
            predictions.Add(new JsonObject
            {
                ["image"] = images[i],
                ["class"] = order[0],
                ["className"] = names[order[0]],
                [probabilities ? "probabilities" : "outputs"] = new JsonArray([.. row.Select(value => JsonValue.Create(value))]),
            });
            if (!json)
            {
                string Share(int c) => probabilities
                    ? (100 * row[c]).ToString("0.0", CultureInfo.InvariantCulture) + " %"
                    : row[c].ToString("0.000", CultureInfo.InvariantCulture);
                Console.Out.WriteLine($"{images[i]}: {names[order[0]]} ({Share(order[0])}); then "
                    + string.Join(", ", order.Skip(1).Take(TopClasses - 1).Select(c => $"{names[c]} ({Share(c)})")));
            }
        }

        if (json)
        {
            Console.Out.WriteLine(new JsonObject { ["predictions"] = predictions }.ToJsonString());
        }
    }
}
