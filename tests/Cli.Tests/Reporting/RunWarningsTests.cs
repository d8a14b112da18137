using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class RunWarningsTests : IDisposable
{
    private readonly SmallRun _run = new(shards: 2);

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData(2, null)]
    [InlineData(3, "3 workers, and minibatches of 2 shards: 1 has nothing to do; give --workers 2, or more --shards (a power of two)")]
    [InlineData(5, "5 workers, and minibatches of 2 shards: 3 have nothing to do; give --workers 2, or more --shards (a power of two)")]
    public void Workers_without_a_shard_are_named(int workers, string? warning) =>
        Assert.Equal(warning, RunWarnings.Of(Request(_run.Data, workers)).SingleOrDefault());

    [Fact]
    public void A_class_without_training_rows_is_named()
    {
        DataSplit rows = DataSplit.Classification(FeatureMatrix.FromBytes(new byte[24], 12), new[] { 0, 2 });
        var data = new Dataset("gap", rows, rows, classes: 4, classNames: ["ant", "bee", "cat", "dog"]);
        Assert.Equal(["no training row has the classes bee, dog"], RunWarnings.Of(Request(data, workers: 1)));
    }

    [Fact]
    public void A_target_accuracy_of_a_regression_is_named()
    {
        DataSplit rows = DataSplit.Regression(FeatureMatrix.FromBytes(new byte[24], 12), new[] { 0.5f, 1.5f }, 1);
        var data = new Dataset("prices", rows, rows, classes: 0, targets: 1);
        Assert.Empty(RunWarnings.Of(Request(data, workers: 1)));
        Assert.Equal(["--target-accuracy has no effect: a regression has no accuracy"], RunWarnings.Of(Request(data, workers: 1, targetAccuracy: 0.9)));
    }

    private TrainRequest Request(Dataset data, int workers, double? targetAccuracy = null) => new()
    {
        Spec = _run.Spec,
        Data = data,
        Blas = _run.Blas,
        Workers = workers,
        Settings = _run.Spec.SettingsFor(_run.Data) with { TargetAccuracy = targetAccuracy },
        Config = "{}",
    };
}
