using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster export RUN|FILE -o FILE</c>: the model for other programs.</summary>
internal static class ExportCommand
{
    private enum ExportFormat
    {
        Onnx,
        Safetensors,
    }

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        Option<string?> output = CliOption.Text("--output", "FILE", "File to write; an existing one is replaced. [required]");
        output.Aliases.Add("-o");
        Option<ExportFormat?> format = CliOption.Choice<ExportFormat>(
            "--format", "ONNX with the preparation of a table inside, or tensors with PyTorch's names. [by the extension of the file]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command("export", "The model of a run for other programs: ONNX, or safetensors for PyTorch.")
        {
            model, output, format, json,
        };
        command.SetAction(given =>
        {
            SafeTensorsFile file = TrainedRun.Open(given.GetRequiredValue(model));
            string path = OutputPath(output, given.GetValue(output), file);
            ExportFormat chosen = given.GetValue(format) ?? FormatOf(path, format);
            string sha256 = RunDirectoryException.Guard(path, () => Export(file, chosen, path));
            Console.Out.WriteLine(!given.GetValue(json) ? path : new JsonObject
            {
                ["path"] = Path.GetFullPath(path),
                ["format"] = CliOption.NameOf(chosen),
                ["bytes"] = new FileInfo(path).Length,
                ["weightsSha256"] = sha256,
                ["step"] = TrainedFile.StepOf(file),
            }.ToJsonString());
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Writes the model and returns the SHA-256 of its weights.</summary>
    private static string Export(SafeTensorsFile file, ExportFormat format, string path)
    {
        if (format == ExportFormat.Safetensors)
        {
            return TrainedFile.WriteModelOf(file, path);
        }

        using var predictor = Predictor.Of(file, blas: null);
        predictor.SaveOnnx(path);
        return predictor.WeightsSha256;
    }

    private static string OutputPath(Option option, string? path, SafeTensorsFile file)
    {
        if (path is null)
        {
            throw new BadInputException($"{option.Name} is missing: expected the file to write, such as -o {RunPaths.OnnxName}.");
        }

        if (AtomicFile.IsSame(path, file.Path))
        {
            throw new BadInputException($"{option.Name} {path}: is the model that is read; give another file.");
        }

        if (Directory.Exists(path))
        {
            throw new BadInputException($"{option.Name} {path}: is a directory; give a file.");
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return Directory.Exists(directory)
            ? path
            : throw new BadInputException($"{option.Name} {path}: there is no directory {directory}; create it, or give another file.");
    }

    private static ExportFormat FormatOf(string path, Option option)
    {
        (string onnx, string safetensors) = (Path.GetExtension(RunPaths.OnnxName), Path.GetExtension(RunPaths.ModelName));
        string extension = Path.GetExtension(path).ToLowerInvariant();
        return extension == onnx ? ExportFormat.Onnx
            : extension == safetensors ? ExportFormat.Safetensors
            : throw new BadInputException(
                $"{path}: its extension names no format; end it with {onnx} or {safetensors}, or give {option.Name}.");
    }
}
