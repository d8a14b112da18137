using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

/// <summary>The search for the checkpoint that a run resumes from, on small files.</summary>
public sealed class ResumePointTests : IDisposable
{
    private static readonly RunSpec Spec = new()
    {
        Dataset = "rows.csv",
        DatasetSha256 = "00ff",
        Model = new() { Inputs = 3, Outputs = 2, Hidden = [new() { Units = 4 }, new() { Units = 5, Activation = ActivationKind.Tanh }] },
        Optimizer = new OptimizerSpec { Kind = OptimizerKind.Adam }.Resolve(),
        Epochs = 2,
        BatchSize = 8,
        Shards = 2,
        Seed = 1,
        Arithmetic = "fma-1",
    };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_display_name_of_the_data_set_is_no_part_of_the_identity_of_a_run()
    {
        Write(8, Spec);
        Write(16, Spec with { Dataset = "renamed.csv" }, term: 3);

        var point = ResumePoint.Find(_directory.Path, Spec with { Dataset = "renamed again.csv" });

        Assert.Equal((16L, 4L), (point.Position.Step, point.NextTerm));
        Assert.Equal(2, point.Checkpoints.Length);
    }

    [Fact]
    public void The_order_of_the_properties_in_the_text_is_no_part_of_it_either()
    {
        System.Text.Json.Nodes.JsonObject reversed =
            [.. Spec.ToTree().Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))];
        Write(8, Spec, runSpec: reversed.ToJsonString());

        Assert.Equal(8, ResumePoint.Find(_directory.Path, Spec).Position.Step);
    }

    [Fact]
    public void Another_run_is_refused_with_the_property_that_differs_and_both_values()
    {
        Write(8, Spec);
        string Refusal(RunSpec asked) => Assert.Throws<BadInputException>(() => ResumePoint.Find(_directory.Path, asked)).Message;

        Assert.Equal($"{_directory.Path}: this is not the same run: its seed is 1, and 2 is asked for", Refusal(Spec with { Seed = 2 }));
        Assert.EndsWith(
            "its model.hidden[1].units is 5, and 6 is asked for",
            Refusal(Spec with { Model = Spec.Model with { Hidden = [Spec.Model.Hidden[0], Spec.Model.Hidden[1] with { Units = 6 }] } }),
            StringComparison.Ordinal);
        Assert.EndsWith(
            "its datasetSha256 is \"00ff\", and \"00fe\" is asked for",
            Refusal(Spec with { DatasetSha256 = "00fe" }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_checkpoint_of_a_newer_program_is_not_passed_over()
    {
        Write(8, Spec);
        string newer = Write(16, Spec, version: "2");

        Assert.Equal(
            $"{newer}: has format version 2; this program reads versions up to 1",
            Assert.Throws<BadInputException>(() => ResumePoint.Find(_directory.Path, Spec)).Message);

        // A damaged one may only look as if it was newer.
        using (FileStream stream = File.OpenWrite(newer))
        {
            stream.SetLength(stream.Length - 4);
        }

        Assert.Equal(8, ResumePoint.Find(_directory.Path, Spec).Position.Step);
    }

    [Fact]
    public void Without_a_specification_any_run_will_do()
    {
        Write(8, Spec);
        Write(16, Spec with { Seed = 2 });

        // Two runs in one directory are told apart by their ids, which are the same here.
        Assert.Equal(16, ResumePoint.Find(_directory.Path).Position.Step);
    }

    private string Write(long step, RunSpec spec, long term = 1, string? version = null, string? runSpec = null)
    {
        var layout = ParameterLayout.For(spec.Model);
        ImmutableArray<string> names = Optimizer.Create(spec.Optimizer, layout.Tensors, layout.StateLength, totalSteps: 1).StateNames;
        using var zero = new AlignedBuffer(layout.StateLength);
        string path = new RunPaths(_directory.Path).Checkpoint(step);
        var position = new CheckpointPosition("0123", step, term, runSpec ?? spec.ToJson(), spec.Model.ToJson());
        Checkpoint.Write(path, position, layout, zero, [.. names.Select(name => (name, zero))]);
        if (version is not null)
        {
            SafeTensorsFile file = SafeTensorsFile.Read(path);
            var metadata = new Dictionary<string, string>(file.Metadata) { ["formatVersion"] = version };
            metadata.Remove(SafeTensors.DigestKey);
            TensorToWrite[] tensors = [.. file.Tensors.Select(tensor => new TensorToWrite(tensor.Name, tensor.Shape, () => tensor.Data.Span))];
            AtomicFile.Write(path, stream => SafeTensors.Write(stream, tensors, metadata));
        }

        return path;
    }
}
