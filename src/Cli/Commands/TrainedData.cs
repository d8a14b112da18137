using System.Text.Json.Nodes;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary>The data set that a model was trained on, opened again.</summary>
internal static class TrainedData
{
    /// <summary>
    /// Opens the data set asked for, else the one of the run's configuration, else the known one whose name the file
    /// has; and compares its content with what the model was trained on.
    /// </summary>
    /// <param name="runOrFile">What the user gave.</param>
    /// <param name="file">The model or checkpoint in it.</param>
    /// <param name="asked">The data set of <c>--dataset</c>.</param>
    /// <param name="dataDirectory">The directory of <c>--data-dir</c>.</param>
    /// <param name="console">Is told what is fetched, and that data asked for is other data.</param>
    /// <exception cref="BadInputException">There is no such data, or nobody asked for it and it is not what the model was trained on.</exception>
    public static async Task<Dataset> OpenAsync(string runOrFile, SafeTensorsFile file, string? asked, string? dataDirectory, IAnsiConsole console)
    {
        RunSpec? spec = TrainedModel.RunSpecOf(file);
        (string name, string? place) = asked is null ? PlaceOf(runOrFile, file, spec) : (asked, null);
        Dataset data = await DataCommand.OpenAsync(name, dataDirectory ?? place, console).ConfigureAwait(false);
        if (spec is not null && spec.DatasetSha256 != data.Sha256)
        {
            string other = $"{name}: is not the data that {file.Path} was trained on (SHA-256 {data.Sha256}, there it was {spec.DatasetSha256})";
            if (asked is null)
            {
                throw new BadInputException($"{other}; say with --dataset what to measure it on.");
            }

            await Console.Error.WriteLineAsync(other).ConfigureAwait(false);
        }

        return data;
    }

    private static (string Name, string? DataDirectory) PlaceOf(string runOrFile, SafeTensorsFile file, RunSpec? spec)
    {
        string config = RunPaths.Of(runOrFile).Config;
        if (File.Exists(config))
        {
            var options = new TrainOptions();
            JsonObject run = LayeredOptions.Read(config, config);
            if (run[LayeredOptions.JsonName(options.Dataset)]?.ToString() is { } dataset)
            {
                return (dataset, run[LayeredOptions.JsonName(options.DataDirectory)]?.ToString());
            }
        }

        return spec is null ? throw new BadInputException($"{file.Path}: does not say which data set it was trained on; give one with --dataset.")
            : KnownDatasets.All.Any(set => set.Name == spec.Dataset) ? (spec.Dataset, null)
            : throw new BadInputException($"{file.Path}: was trained on {spec.Dataset}, and does not say where that is; give its directory or file with --dataset.");
    }
}
