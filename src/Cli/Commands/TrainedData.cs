using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Persistence;
using NnCluster.Training;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary>The data set that a model was trained on, opened again.</summary>
internal static class TrainedData
{
    /// <summary>
    /// Opens the data set of <c>--dataset</c>, else of the run's configuration, else the known data set that the file names,
    /// and compares its content with the one that the model was trained on.
    /// </summary>
    /// <param name="runOrFile">Run directory or file, as given.</param>
    /// <param name="file">Model or checkpoint in it.</param>
    /// <param name="asked">Data set of <c>--dataset</c>; null if not given.</param>
    /// <param name="dataDirectory">Directory of <c>--data-dir</c>; null if not given.</param>
    /// <param name="console">Console that gets the steps of a download.</param>
    /// <exception cref="BadInputException">
    /// The data set does not exist, or it is not the one that the model was trained on and <paramref name="asked"/> is null.
    /// </exception>
    public static async Task<Dataset> OpenAsync(
        string runOrFile, SafeTensorsFile file, string? asked, string? dataDirectory, IAnsiConsole console)
    {
        Preparation? preparation = ModelFile.PreparationOf(file);
        ImagePreparation? images = ModelFile.ImagesOf(file);
        if (asked is not null && images is not null && Directory.Exists(asked)
            && IdxDirectory.Missing(asked).Length == KnownDatasets.FileNames.Length)
        {
            return ImageDataset.ReadWith(asked, images);
        }

        if (asked is not null && TableFile.Exists(asked) && (preparation is not null || images is null))
        {
            return ReadTable(asked, file, preparation, console);
        }

        RunSpec? spec = TrainedModel.RunSpecOf(file);
        (string name, string? configDirectory, TableOptions options) = asked is null
            ? SourceOf(runOrFile, file, spec)
            : (asked, null, new());
        Dataset data = await ConsoleDataset.OpenAsync(name, dataDirectory ?? configDirectory, options, console).ConfigureAwait(false);
        if (asked is not null && preparation is not null && data.Preparation is { } other && !preparation.Equals(other))
        {
            throw new BadInputException(
                $"{name}: was prepared otherwise than the data that {file.Path} was trained on; give the table itself with --dataset.");
        }

        if (images is not null && asked is not null && !data.ClassNames.SequenceEqual(images.Classes))
        {
            throw new BadInputException(
                $"{asked}: its classes are {string.Join(", ", data.ClassNames)}; those of {file.Path} are {string.Join(", ", images.Classes)}.");
        }

        if (spec is not null && spec.DatasetSha256 != data.Sha256)
        {
            string differs = $"{name}: is not the data that {file.Path} was trained on "
                + $"(SHA-256 {data.Sha256}, there it was {spec.DatasetSha256})";
            if (asked is null)
            {
                throw new BadInputException($"{differs}; give the data set to evaluate on with --dataset.");
            }

            await Console.Error.WriteLineAsync(differs).ConfigureAwait(false);
        }

        return data;
    }

    /// <summary>All rows of a table, prepared as the model was trained.</summary>
    private static Dataset ReadTable(string path, SafeTensorsFile file, Preparation? preparation, IAnsiConsole console)
    {
        if (preparation is null)
        {
            throw new BadInputException($"{path}: is a table, and {file.Path} was not trained on one.");
        }

        Dataset data = TableDataset.ReadWith(path, preparation);
        foreach (string note in data.Notes)
        {
            console.WriteLine(note);
        }

        return data;
    }

    private static (string Name, string? DataDirectory, TableOptions Options) SourceOf(string runOrFile, SafeTensorsFile file, RunSpec? spec)
    {
        string config = RunPaths.Of(runOrFile).Config;
        if (File.Exists(config))
        {
            var options = new TrainOptions();
            JsonObject run = LayeredOptions.Read(config, config);
            if (run[LayeredOptions.JsonName(options.Dataset)]?.ToString() is { } dataset)
            {
                return (dataset, run[LayeredOptions.JsonName(options.DataDirectory)]?.ToString(), TableOptionsOf(config, options));
            }
        }

        if (spec is null)
        {
            throw new BadInputException($"{file.Path}: does not say which data set it was trained on; give one with --dataset.");
        }

        return KnownDatasets.All.Any(set => set.Name == spec.Dataset)
            ? (spec.Dataset, null, new())
            : throw new BadInputException(
                $"{file.Path}: was trained on {spec.Dataset}, and does not have its path; "
                + "give its directory or file with --dataset.");
    }

    /// <summary>The options for the data in the configuration of a run.</summary>
    private static TableOptions TableOptionsOf(string config, TrainOptions options)
    {
        var command = new Command("train");
        foreach (Option option in options.All)
        {
            command.Add(option);
        }

        var layers = new LayeredOptions(command.Parse([]));
        layers.AddFile(config, config);
        return TrainRequestReader.TableOptionsOf(command.Parse(layers.InFrontOf([])), options);
    }
}
