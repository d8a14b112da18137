using System.CommandLine;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Options;

/// <summary>
/// The options of <c>train</c> from four places: the command line, then the file of <c>--config</c>, then the
/// configuration of the run that goes on, then the preset.
/// </summary>
internal static class OptionLayers
{
    /// <summary>The arguments with those of the lower layers added where the command line is silent.</summary>
    /// <param name="command">The command the arguments are for.</param>
    /// <param name="arguments">What was given, the command's own name left out.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="BadInputException">A file cannot be read, or names an option that does not exist.</exception>
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

        HashSet<Option> silent = [];
        if (layers.Has(options.Model))
        {
            silent.UnionWith(options.OfModel);
        }

        if (layers.Has(options.Optimizer))
        {
            silent.UnionWith(options.OfOptimizer);
        }

        layers.Add(Presets.Get(layers.ValueOf(options.Preset) ?? Presets.Default), "preset", silent.Contains);
        return layers.InFrontOf(arguments);
    }
}
