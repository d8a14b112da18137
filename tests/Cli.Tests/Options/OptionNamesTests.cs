using System.CommandLine;
using System.Reflection;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Options;

/// <summary>Errors of the libraries name properties; the command line shows the options that set them.</summary>
public sealed class OptionNamesTests
{
    // Computed from the data set and the backend; no error names them.
    private static readonly string[] Computed =
        [nameof(RunSpec.DatasetSha256), nameof(RunSpec.Arithmetic), nameof(ModelSpec.Inputs), nameof(ModelSpec.Outputs)];

    private const BindingFlags StaticFields =
        BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Properties of the specifications, and the properties that other classes declare for their errors.</summary>
    public static TheoryData<PropertyName> Properties =>
    [
        .. new[] { typeof(RunSpec), typeof(ModelSpec), typeof(OptimizerSpec) }
            .SelectMany(type => type.GetProperties().Where(property => property.CanWrite && !Computed.Contains(property.Name))
                .Select(property => new PropertyName(type.Name, property.Name))),
        .. new[] { typeof(RunSpec).Assembly, typeof(OptionNames).Assembly, typeof(TrainOptions).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetFields(StaticFields))
            .Where(info => info.FieldType == typeof(PropertyName))
            .Select(info => (PropertyName)info.GetValue(null)!),
    ];

    [Theory]
    [MemberData(nameof(Properties))]
    public void Every_property_that_an_error_can_name_has_an_option_of_train(PropertyName property) =>
        Assert.Contains(OptionNames.All[property], new TrainOptions().All.Select(option => option.Name));

    [Fact]
    public void Every_option_of_the_table_is_one_of_train() =>
        Assert.Empty(OptionNames.All.Values.Except(new TrainOptions().All.Select(option => option.Name)));

    [Fact]
    public void An_error_names_the_property_in_the_library_and_the_option_on_the_command_line()
    {
        var spec = new OptimizerSpec { Kind = OptimizerKind.Sgd, WeightDecay = 0.1 };
        BadInputException error = Assert.Throws<BadInputException>(spec.Validate);
        Assert.Equal("WeightDecay 0.1 has no meaning with Kind sgd: use Kind adamw, or L2 for a penalty in the loss", error.Message);
        Assert.Equal(
            "--weight-decay 0.1 has no meaning with --optimizer sgd: use --optimizer adamw, or --l2 for a penalty in the loss",
            OptionNames.MessageOf(error));
        Assert.All(error.Properties, property => Assert.True(OptionNames.All.ContainsKey(property)));
    }

    [Fact]
    public void A_message_without_properties_stays_as_it_is() =>
        Assert.Equal("{0} is missing", OptionNames.MessageOf(new BadInputException("{0} is missing")));
}
