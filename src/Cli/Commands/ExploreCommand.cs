using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster explore activations|capacity|regularisation|dropout|batch-norm|optimizers</c>.</summary>
internal static class ExploreCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The command and its sub-commands.</summary>
    public static Command Create()
    {
        var explore = new Command("explore", "Experiments on neural networks, each with figures and numbers.");
        IExperiment[] experiments =
        [
            new ActivationsExperiment(), new CapacityExperiment(), new RegularisationExperiment(),
            new DropoutExperiment(), new BatchNormExperiment(), new OptimizersExperiment(),
        ];
        foreach (IExperiment experiment in experiments)
        {
            explore.Add(Create(experiment));
        }

        return explore;
    }

    private static Command Create(IExperiment experiment)
    {
        Option<string?> directory = CliOption.Text(
            "--out", "DIR", "Directory for figures, numbers and runs. [runs/<date>-<time>-explore-<name>]");
        Option<ulong?> seed = CliOption.Seed("--seed", "Seed of points, initial weights, row order and dropout masks. [1]");
        Option<bool> quick = CliOption.Flag("--quick", "Smaller networks and fewer epochs. [off]");
        Option<int?> workers = CliOption.Whole(
            "--workers", $"Workers in this process. [{(experiment.IsPlanar ? "1" : "one a core")}]", 1, 1024);
        Option<string?> dataset = CliOption.Text(
            "--dataset", "mnist|fashion-mnist|DIR|FILE.csv", "Known data set, directory with four IDX files, or CSV file. [mnist]");
        Option<string?> dataDirectory = CliOption.Text(
            "--data-dir",
            "DIR",
            "Directory that is searched first for a known data set. [NNCLUSTER_DATA, then the user's cache directory]");
        Option<SyntheticShape?> shape = CliOption.Choice<SyntheticShape>("--shape", "Curves that the points lie around. [circles]");
        Option<double?> noise = CliOption.Number(
            "--noise",
            "σ",
            "Standard deviation of the points' noise. [circles 0.25, moons 0.3, spirals 0.08]",
            value => value >= 0,
            "a number of at least 0");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command(experiment.Name, experiment.Description) { directory, seed, quick, workers, json };
        foreach (Option option in experiment.IsPlanar ? (Option[])[shape, noise] : [dataset, dataDirectory])
        {
            command.Add(option);
        }

        command.SetAction((given, _) => RunAsync(
            experiment,
            new()
            {
                Directory = Path.GetFullPath(given.GetValue(directory) ?? NewDirectory(experiment.Name, TimeProvider.System)),
                Seed = given.GetValue(seed) ?? 1,
                Quick = given.GetValue(quick),
                Workers = given.GetValue(workers),
                Dataset = experiment.IsPlanar ? string.Empty : given.GetValue(dataset) ?? "mnist",
                DataDirectory = experiment.IsPlanar ? null : given.GetValue(dataDirectory),
                Shape = experiment.IsPlanar ? given.GetValue(shape) ?? SyntheticShape.Circles : default,
                Noise = experiment.IsPlanar ? given.GetValue(noise) : null,
            },
            given.GetValue(json)));
        return command;
    }

    private static string NewDirectory(string name, TimeProvider time) =>
        Path.Combine("runs", time.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture) + "-explore-" + name);

    private static async Task<int> RunAsync(IExperiment experiment, ExperimentOptions options, bool json)
    {
        string resultsPath = Path.Combine(options.Directory, "results.json");
        if (File.Exists(resultsPath))
        {
            throw new BadInputException($"--out {options.Directory}: already holds an experiment; give another directory.");
        }

        RunDirectoryException.Guard(options.Directory, () => Directory.CreateDirectory(options.Directory));
        IAnsiConsole console = ProgressDisplay.StandardError().Console;
        Findings findings = await experiment.RunAsync(new(options, console)).ConfigureAwait(false);
        string[] figures = [.. findings.Figures.SelectMany(figure => Draw(figure, options.Directory))];
        var result = new JsonObject
        {
            ["experiment"] = experiment.Name,
            ["seed"] = options.Seed,
            ["quick"] = options.Quick,
            ["directory"] = options.Directory,
            ["figures"] = new JsonArray([.. figures.Select(path => JsonValue.Create(Path.GetFileName(path)))]),
        };
        Append(result, findings.Summary);
        string summary = result.ToJsonString();
        Append(result, findings.Numbers);
        RunDirectoryException.Guard(resultsPath, () => AtomicFile.WriteText(resultsPath, result.ToJsonString(Indented) + "\n"));
        string[] lines = json
            ? [summary]
            : [.. findings.Lines, .. figures.Select(path => $"figure {path}"), $"numbers {resultsPath}"];
        foreach (string line in lines)
        {
            Console.Out.WriteLine(line);
        }

        return ExitCode.Done;
    }

    private static IEnumerable<string> Draw(Figure figure, string directory)
    {
        foreach (string ending in (string[])[".png", ".svg"])
        {
            string path = Path.Combine(directory, figure.Name + ending);
            FigureImage.Write(path, figure.Width, figure.Height, figure.Render);
            yield return path;
        }
    }

    private static void Append(JsonObject to, JsonObject from)
    {
        foreach ((string key, JsonNode? value) in from)
        {
            to[key] = value?.DeepClone();
        }
    }
}
