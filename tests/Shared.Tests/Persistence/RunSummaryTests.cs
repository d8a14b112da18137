using System.Text.Json;
using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class RunSummaryTests
{
    internal static RunSummary Sample() => new()
    {
        TestAccuracy = 0.9812,
        TestLoss = 0.0625,
        TrainLoss = 0.03125,
        Epochs = 3,
        Steps = 1407,
        Images = 180_000,
        TrainSeconds = 0.75,
        TotalSeconds = 1.5,
        ImagesPerSecond = 240_000,
        WeightsSha256 = "00ff",
        Parameters = 203_530,
        Workers = 2,
        Shards = 16,
        Blas = "simd",
        Seed = ulong.MaxValue,
        ReassignedShards = 4,
        WorkersLost = 1,
        RunDirectory = "/runs/x",
    };

    [Fact]
    public void The_fields_are_those_of_the_command_lines_contract() => Assert.Equal(
        """{"testAccuracy":0.9812,"testLoss":0.0625,"trainLoss":0.03125,"epochs":3,"steps":1407,"trainedRows":0,"epochRows":0,"images":180000,"trainSeconds":0.75,"totalSeconds":1.5,"imagesPerSecond":240000,"weightsSha256":"00ff","parameters":203530,"workers":2,"shards":16,"blas":"simd","seed":18446744073709551615,"reassignedShards":4,"workersLost":1,"resumedFromStep":null,"runDirectory":"/runs/x"}""",
        Sample().ToJson());

    [Fact]
    public void Validation_accuracy_is_there_only_if_rows_were_held_out()
    {
        string json = (Sample() with { ValidationAccuracy = 0.97, ResumedFromStep = 12 }).ToJson();

        using var document = JsonDocument.Parse(json);
        Assert.Equal(0.97, document.RootElement.GetProperty("validationAccuracy").GetDouble());
        Assert.Equal(12, document.RootElement.GetProperty("resumedFromStep").GetInt64());
    }

    [Fact]
    public void What_was_written_is_read_back_even_where_there_is_no_accuracy()
    {
        RunSummary regression = Sample() with { TestAccuracy = double.NaN, TestLoss = double.PositiveInfinity };

        RunSummary read = RunSummary.Parse(regression.ToJson());

        Assert.Equal(regression with { TestLoss = double.NaN }, read);
        Assert.Contains("\"testAccuracy\":null", regression.ToJson(), StringComparison.Ordinal);
    }
}
