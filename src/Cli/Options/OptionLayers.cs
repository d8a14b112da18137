using System.CommandLine;
using NnCluster.Persistence;

namespace NnCluster.Cli.Options;

/// <summary>
/// The options of <c>train</c> from four layers, the highest first: the command line, the configuration file, the
/// configuration of the run that is resumed, and the preset.
/// </summary>
internal static class OptionLayers
{
    /// <summary>The arguments with the options of the lower layers that are not among them.</summary>
    /// <param name="command">The command.</param>
    /// <param name="arguments">Arguments without the name of the command.</param>
    /// <param name="options">Options of the command.</param>
    /// <exception cref="BadInputException">A file cannot be read, or names an unknown option.</exception>
    public static string[] Resolve(Command command, string[] arguments, TrainOptions options)
    {
        var layers = new LayeredOptions(command.Parse(arguments));
        layers.AddConfig();
        if (layers.ValueOf(options.Resume) is { } run)
        {
            ResumeOption.Named(() => ResumePoint.RequireDirectory(run));
            string path = new RunPaths(run).Config;
            layers.AddFile(path, $"--resume {run}: {path}");
        }

        // Options of the preset that have no meaning beside the given ones.
        HashSet<Option> excluded = [];
        if (layers.Has(options.Model))
        {
            excluded.UnionWith(options.OfModel);
        }

        if (layers.Has(options.Optimizer))
        {
            excluded.UnionWith(options.OfOptimizer);
        }

        layers.Add(Presets.Get(layers.ValueOf(options.Preset) ?? Presets.DefaultFor(layers.ValueOf(options.Dataset))), "preset", excluded.Contains);
        return layers.InFrontOf(arguments);
    }
}
