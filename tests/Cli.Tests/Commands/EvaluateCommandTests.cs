using System.Globalization;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A model is measured on the data of its run, or on what was asked for, and nobody mistakes the one for the other.</summary>
public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public EvaluateCommandTests()
    {
        WriteRows("rows.csv", 3);
        ProcessResult trained = Run("train", "--json", "--dataset", "rows.csv", "--epochs", "1", "--out", "run");
        Assert.True(trained.ExitCode == 0, trained.Error);
        Loss = trained.Json.GetProperty("testLoss").GetDouble();
    }

    private double Loss { get; }

    [Theory]
    [InlineData("run")]
    [InlineData("run/model.safetensors")]
    public void A_run_of_a_file_is_measured_on_that_file(string model)
    {
        ProcessResult result = Run("evaluate", _directory[model], "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Loss, result.Json.GetProperty("loss").GetDouble(), 1e-6);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Data_that_has_changed_is_not_measured_unasked()
    {
        WriteRows("rows.csv", 5);
        ProcessResult unasked = Run("evaluate", "run", "--json");
        Assert.Equal(2, unasked.ExitCode);
        Assert.Contains($"{_directory["rows.csv"]}: is not the data that", unasked.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', unasked.Error);
        ProcessResult asked = Run("evaluate", "run", "--json", "--dataset", "rows.csv");
        Assert.Equal(0, asked.ExitCode);
        Assert.Equal(300, asked.Json.GetProperty("rows").GetInt32());
        Assert.NotEqual(Loss, asked.Json.GetProperty("loss").GetDouble());
    }

    [Fact]
    public void A_model_far_from_its_run_says_that_its_data_must_be_given()
    {
        File.Copy(_directory["run/model.safetensors"], Path.Combine(Directory.CreateDirectory(_directory["far"]).FullName, "model.safetensors"));
        ProcessResult result = Run("evaluate", "far/model.safetensors");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("give its directory or file with --dataset", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluate", "nncluster-model")]
    [InlineData("predict", "nncluster-checkpoint")]
    public void A_model_or_a_checkpoint_of_a_newer_program_is_refused_in_one_line(string command, string format)
    {
        SafeTensorsFile model = SafeTensorsFile.Read(_directory["run/model.safetensors"]);
        var metadata = new Dictionary<string, string>(model.Metadata) { ["format"] = format, ["formatVersion"] = "2" };
        metadata.Remove(SafeTensors.DigestKey);
        AtomicFile.Write(_directory["newer"], stream => SafeTensors.Write(
            stream, [.. model.Tensors.Select(tensor => new TensorToWrite(tensor.Name, tensor.Shape, () => tensor.Data.Span))], metadata));
        ProcessResult result = Run([command, "newer", .. command == "predict" ? new[] { "image.png" } : []]);
        Assert.Equal((2, "newer: has format version 2; this program reads versions up to 1"), (result.ExitCode, result.Error.Trim()));
    }

    public void Dispose() => _directory.Dispose();

    private void WriteRows(string name, int factor) =>
        File.WriteAllLines(_directory[name], Enumerable.Range(0, 300).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i % 7},{i % 11},{(i * factor % 13) + 0.5}")));

    private ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, directory: _directory.Path);
        return process.Wait();
    }
}
