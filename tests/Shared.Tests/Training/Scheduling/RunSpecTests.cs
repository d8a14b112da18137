using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

public sealed class RunSpecTests
{
    public RunSpecTests() => Architectures.Register<OtherArchitectureSpec>("run-spec-tests");

    [Fact]
    public void Specifications_with_equal_values_are_equal_arrays_included()
    {
        Assert.Equal(Sample(), Sample());
        Assert.Equal(Sample().GetHashCode(), Sample().GetHashCode());
        Assert.True(Sample().IsSameRunAs(Sample()));
        Assert.Equal(Sample(), RunSpecJson.Parse(Sample().ToJson(), "test"));
    }

    [Fact]
    public void The_display_name_of_the_data_set_makes_specifications_unequal_but_not_runs()
    {
        RunSpec renamed = Sample() with { Dataset = "renamed" };
        Assert.NotEqual(Sample(), renamed);
        Assert.True(Sample().IsSameRunAs(renamed));
        Assert.Empty(RunSpecDifference.Between(Sample(), renamed));
    }

    public static TheoryData<string> Properties => [.. Paths(typeof(RunSpec), "").Where(path => path != "dataset")];

    /// <summary>A property that is added later is covered by itself: it takes part in equality and in the JSON, or this fails.</summary>
    [Theory]
    [MemberData(nameof(Properties))]
    public void Every_other_property_makes_another_run_and_is_named_with_both_values(string property)
    {
        RunSpec spec = Sample();
        RunSpec changed = Sample();
        Change(changed, property.Split('.'));

        Assert.NotEqual(spec, changed);
        Assert.False(spec.IsSameRunAs(changed));
        RunSpecDifference difference = Assert.Single(RunSpecDifference.Between(spec, changed));
        Assert.Equal(property, difference.Property);
        Assert.NotEqual(difference.Value, difference.Other);
    }

    [Fact]
    public void Another_number_of_layers_is_named_with_all_of_them()
    {
        RunSpec spec = Sample();
        RunSpec changed = spec with { Model = spec.Model with { Hidden = [] } };

        RunSpecDifference difference = Assert.Single(RunSpecDifference.Between(spec, changed));

        Assert.Equal(("model.hidden", "[]"), (difference.Property, difference.Other));
    }

    [Fact]
    public void Layers_in_place_of_the_short_form_are_named_and_so_are_their_members()
    {
        RunSpec listed = WithLayers(new BatchNormSpec(), new LeakyReluSpec { Slope = 0.02f });

        RunSpecDifference member = Assert.Single(
            RunSpecDifference.Between(listed, WithLayers(new BatchNormSpec(), new LeakyReluSpec { Slope = 0.5f })));
        RunSpecDifference number = Assert.Single(RunSpecDifference.Between(listed, WithLayers(new BatchNormSpec())));

        Assert.Equal(("model.hidden[0].layers[1].slope", "0.02", "0.5"), (member.Property, member.Value, member.Other));
        Assert.Equal(("model.hidden[0].layers", "[\"batch-norm\"]"), (number.Property, number.Other));
        Assert.Contains("model.hidden[0].layers", RunSpecDifference.Between(Sample(), listed).Select(difference => difference.Property));
    }

    private static RunSpec WithLayers(params ImmutableArray<LayerSpec> layers)
    {
        RunSpec spec = Sample();
        return spec with { Model = spec.Model with { Hidden = [new() { Units = 4, Layers = layers }] } };
    }

    private static RunSpec Sample() => new()
    {
        Dataset = "mnist",
        DatasetSha256 = "00ff",
        Splits = new() { Limit = 900, Validation = 100, Test = 0.1 },
        Model = new()
        {
            Inputs = 3,
            Outputs = 2,
            Hidden = [new() { Units = 4, Activation = ActivationKind.LeakyRelu, Slope = 0.02f, BatchNorm = true, Dropout = 0.25f }],
            InputDropout = 0.1f,
            InputNoise = 0.2f,
            Initializer = new(InitializerKind.Normal, 0.3f),
            ClipProbability = 1e-6f,
        },
        Optimizer = new()
        {
            LearningRate = 0.1,
            Beta1 = 0.8,
            Beta2 = 0.9,
            Epsilon = 1e-7,
            Momentum = 0.7,
            Rho = 0.6,
            WeightDecay = 0.5,
            L1 = 0.4,
            L2 = 0.3,
            ClipNorm = 2,
            MaxNorm = 3,
        },
        Epochs = 2,
        BatchSize = 8,
        Shards = 2,
        Seed = 1,
        Arithmetic = "fma-1",
    };

    /// <summary>The paths of all properties that take values, in the names of the JSON.</summary>
    private static IEnumerable<string> Paths(Type type, string prefix) => type.GetProperties()
        .Where(property => property.CanWrite)
        .SelectMany(property =>
        {
            string name = prefix + JsonName(property);
            Type inner = property.PropertyType;
            return inner == typeof(ModelSpec) || inner == typeof(SplitOptions) || inner == typeof(OptimizerSpec) || inner == typeof(Initializer) ? Paths(inner, name + ".")
                : inner.IsAssignableTo(typeof(IEnumerable)) && inner != typeof(string) ? Paths(inner.GenericTypeArguments[0], name + "[0].")
                : [name];
        });

    private static void Change(object target, string[] path)
    {
        int bracket = path[0].IndexOf('[', StringComparison.Ordinal);
        string name = bracket < 0 ? path[0] : path[0][..bracket];
        PropertyInfo property = target.GetType().GetProperties().Single(candidate => JsonName(candidate) == name);
        object? value = property.GetValue(target);
        if (path.Length > 1)
        {
            Change(bracket < 0 ? value! : ((IEnumerable)value!).Cast<object>().First(), path[1..]);
            return;
        }

        property.SetValue(target, value switch
        {
            null when property.PropertyType == typeof(ImmutableArray<LayerSpec>?) => ImmutableArray.Create<LayerSpec>(new TanhSpec()),
            null when property.PropertyType == typeof(ImmutableArray<float>?) => ImmutableArray.Create(1f, 2f),
            null when property.PropertyType == typeof(ModelSelection) => new ModelSelection { KeepBest = true, EvaluateEvery = 1 },
            ArchitectureSpec => new OtherArchitectureSpec(),
            string text => text + "0",
            bool flag => !flag,
            int number => number + 1,
            ulong number => number + 1,
            float number => number * 2,
            double number => number * 2,
            Enum kind => Enum.ToObject(kind.GetType(), Convert.ToInt32(kind, null) == 0 ? 1 : 0),
            _ => throw new InvalidOperationException($"{property.Name}: {value}"),
        });
    }

    private static string JsonName(PropertyInfo property) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    /// <summary>A second architecture; no model of it is made.</summary>
    private sealed record OtherArchitectureSpec : ArchitectureSpec
    {
        public override IEnumerable<LayerDefinition> Define(ModelSpec spec) => [];

        public override IModel CreateModel(ModelSpec spec, IBlas blas, int maxRows) => throw new NotSupportedException();
    }
}
