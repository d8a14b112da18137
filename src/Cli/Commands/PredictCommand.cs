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

            string[] images = given.GetRequiredValue(inputs);
            bool asJson = given.GetValue(json);
            if (ModelFile.ImagesOf(file) is { } prepared)
            {
                using var predictor = Predictor.Load(file.Path, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
                var predictions = new ImagePredictions
                {
                    IsRegression = prepared.Classes.IsEmpty,
                    ClassNames = prepared.Classes,
                    GivesProbabilities = predictor.GivesProbabilities,
                    Step = step,
                    AsJson = asJson,
                };
                foreach (string input in images)
                {
                    predictions.Add(input, OutputsOf(predictor, prepared, input));
                }

                return predictions.Finish();
            }

            using var trained = TrainedModel.Load(file, NnCluster.Numerics.Blas.Create(given.GetValue(blas) ?? "simd"));
            var frame = ImageFrame.For(TrainedModel.TrainedOn(file), trained.Spec.Inputs, file.Path);
            var framed = new ImagePredictions
            {
                IsRegression = false,
                ClassNames = frame.ClassNames,
                GivesProbabilities = trained.Spec.Loss == LossKind.CrossEntropy,
                Step = step,
                AsJson = asJson,
            };
            foreach (string image in images)
            {
                framed.Add(image, new[] { image }.Select(path => (path, trained.Predict(frame.Read(path), 1))));
            }

            return framed.Finish();
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

    /// <summary>Outputs for an image file, or for all images of an archive.</summary>
    private static IEnumerable<(string Image, float[] Outputs)> OutputsOf(Predictor predictor, ImagePreparation prepared, string input)
    {
        using NpzDataset? archive = NpzDataset.TryOpen(input);
        float[] features = new float[prepared.Features];
        if (archive is null)
        {
            ImageFile.ReadFeatures(input, prepared, features);
            yield return (input, predictor.Predict(features));
            yield break;
        }

        (string path, FeatureMatrix pixels) = archive.ReadPixels(prepared);
        for (int row = 0; row < pixels.Rows; row++)
        {
            pixels.Copy(row, 1, features);
            yield return ($"{path} row {row + 1}", predictor.Predict(features));
        }
    }
}
