using System.Text.Json;
using NnCluster.Memory;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

/// <summary>PyTorch's trajectories, written by tests/fixtures/make_optimizer_fixtures.py.</summary>
internal sealed record OptimizerFixtures(
    double[] Curvature, double[] Target, double[] Start, OptimizerFixtures.Case[] Cases, OptimizerFixtures.Schedule[] Schedules)
{
    private static readonly Lazy<OptimizerFixtures> File = new(Read);

    public static OptimizerFixtures Instance => File.Value;

    /// <summary>The gradient of the case's function at <paramref name="x"/>.</summary>
    public double[] Gradient(string function, double[] x) => function switch
    {
        "quadratic" => [.. x.Select((value, i) => Curvature[i] * (value - Target[i]))],
        "rosenbrock" => TestFunctions.RosenbrockGradient(x, 10),
        _ => throw new ArgumentException($"Unknown function {function}.", nameof(function)),
    };

    private static OptimizerFixtures Read()
    {
        const string RelativePath = "tests/fixtures/optimizer_trajectories.json";
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !System.IO.File.Exists(Path.Combine(directory.FullName, RelativePath)))
        {
            directory = directory.Parent;
        }

        Assert.NotNull(directory);
        string json = System.IO.File.ReadAllText(Path.Combine(directory.FullName, RelativePath));
        return JsonSerializer.Deserialize<OptimizerFixtures>(json, JsonSerializerOptions.Web)!;
    }

    internal sealed record Case(string Name, string Function, OptimizerSpec Spec, double[][] Trajectory);

    internal sealed record Schedule(ScheduleKind Kind, double Peak, double[] Rates);
}
