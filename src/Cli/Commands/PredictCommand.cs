using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster predict RUN|FILE INPUT…</c>: tables, or images where the model was trained on images.</summary>
internal static class PredictCommand
{
    private const int TopClasses = 3;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        var inputs = new Argument<string[]>("input")
        {
            Description = "Tables whose columns are matched by name, or, of a model of images, image files "
                + "(PNG, JPEG, WebP, BMP, GIF); of a model of IDX files, dark on light or light on dark.",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<string?> output = CliOption.Text(
            "--output", "FILE.csv", "Of a table: file for its rows with their predictions. [standard output]");
        output.Aliases.Add("-o");
        Option<string?> blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Matrix multiplication. [simd]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command(
            "predict", "Answers for the rows of a table, or for images, which are scaled as those of the data set were.")
        {
            model, inputs, output, blas, json,
        };
        command.SetAction(given =>
        {
            SafeTensorsFile file = TrainedRun.Open(given.GetRequiredValue(model));
            long? step = TrainedFile.StepOf(file);
            if (ModelFile.PreparationOf(file) is { } preparation)
            {
                using var predictor = Predictor.Load(file.Path, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
                if (given.GetValue(output) is { Length: > 0 } written && AtomicFile.IsSame(file.Path, written))
                {
                    throw new BadInputException($"{output.Name} {written}: is the model that is read; give another file.");
                }

                PredictTables(
                    new(predictor, preparation), given.GetRequiredValue(inputs), given.GetValue(output), given.GetValue(json), step);
                return ExitCode.Done;
            }

            if (given.GetValue(output) is not null)
            {
                throw new BadInputException($"{output.Name} is for tables, and {file.Path} was trained on images.");
            }

            if (ModelFile.ImagesOf(file) is { } prepared)
            {
                using var predictor = Predictor.Load(file.Path, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
                List<string> images = [];
                List<float> answers = []; // (images, outputs)
                foreach (string input in given.GetRequiredValue(inputs))
                {
                    PredictImages(predictor, prepared, input, images, answers);
                }

                Report([.. answers], predictor.GivesProbabilities, predictor.Outputs, prepared.Classes, [.. images], given.GetValue(json), step);
                return ExitCode.Done;
            }

            using var trained = TrainedModel.Load(file, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
            var frame = ImageFrame.For(TrainedModel.TrainedOn(file), trained.Spec.Inputs, file.Path);
            Predict(trained, frame, given.GetRequiredValue(inputs), given.GetValue(json), step);
            return ExitCode.Done;
        });
        return command;
    }

    private static void PredictTables(TablePrediction prediction, string[] tables, string? output, bool json, long? step)
    {
        if (output is not null && tables.Any(table => AtomicFile.IsSame(table, output)))
        {
            throw new BadInputException($"--output {output}: is the table that is read; give another file.");
        }

        if (output is not null && json)
        {
            throw new BadInputException($"--output {output} and --json: the file is a CSV, and JSON goes to standard output; give one of them.");
        }

        if (json)
        {
            var answers = new JsonArray();
            foreach (JsonNode? answer in tables.SelectMany(table => prediction.ToJson(table, Warn)).ToArray())
            {
                answers.Add(answer?.DeepClone());
            }

            Console.Out.WriteLine(new JsonObject { ["step"] = step, ["predictions"] = answers }.ToJsonString());
            return;
        }

        if (tables.Length > 1)
        {
            throw new BadInputException($"{tables[1]}: the rows of one table are predicted at a time; give one.");
        }

        if (output is null)
        {
            prediction.Write(tables[0], Console.Out, Warn);
            return;
        }

        RunDirectoryException.Guard(output, () => AtomicFile.Write(output, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            prediction.Write(tables[0], writer, Warn);
        }));

        static void Warn(string line) => Console.Error.WriteLine(line);
    }

    /// <summary>Answers an image file, or all images of an archive.</summary>
    private static void PredictImages(Predictor predictor, ImagePreparation prepared, string input, List<string> images, List<float> answers)
    {
        using NpzDataset? archive = NpzDataset.TryOpen(input);
        float[] features = new float[prepared.Features];
        if (archive is null)
        {
            ImageFile.ReadFeatures(input, prepared, features);
            images.Add(input);
            answers.AddRange(predictor.Predict(features));
            return;
        }

        (string path, FeatureMatrix pixels) = archive.ReadPixels(prepared);
        for (int row = 0; row < pixels.Rows; row++)
        {
            pixels.Copy(row, 1, features);
            images.Add($"{path} row {row + 1}");
            answers.AddRange(predictor.Predict(features));
        }
    }

    private static void Predict(TrainedModel model, ImageFrame frame, string[] images, bool json, long? step)
    {
        float[] features = [.. images.SelectMany(frame.Read)]; // (images, pixels)
        float[] outputs = model.Predict(features, images.Length);
        Report(outputs, model.Spec.Loss == LossKind.CrossEntropy, model.Spec.Outputs, frame.ClassNames, images, json, step);
    }

    private static void Report(float[] outputs, bool probabilities, int width, ImmutableArray<string> classNames, string[] images, bool json, long? step)
    {
        ImmutableArray<string> names = classNames.Length == width ? classNames : [.. Enumerable.Range(0, width).Select(c => $"{c}")];
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
                [probabilities ? "probabilities" : "outputs"] = new JsonArray([.. row.Select(value => JsonNumbers.Of(value))]),
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
            Console.Out.WriteLine(new JsonObject { ["step"] = step, ["predictions"] = predictions }.ToJsonString());
        }
    }
}
