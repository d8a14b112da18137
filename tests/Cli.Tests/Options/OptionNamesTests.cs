using System.CommandLine;
using System.Reflection;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Options;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Security;
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
        .. new[] { typeof(RunSpec), typeof(LinkSecurity), typeof(DatasetCache), typeof(TrainRequest), typeof(OptionNames) }
            .Select(type => type.Assembly)
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.ContainsGenericParameters)
            .SelectMany(type => type.GetFields(StaticFields))
            .Where(info => info.FieldType == typeof(PropertyName))
            .Select(info => (PropertyName)info.GetValue(null)!),
    ];

    /// <summary>Names of the options of all commands.</summary>
    private static readonly string[] Options = [.. OptionsOf(Application.Create().Root).Distinct()];

    [Theory]
    [MemberData(nameof(Properties))]
    public void Every_property_that_an_error_can_name_has_an_option(PropertyName property) =>
        Assert.Contains(OptionNames.All[property], Options);

    [Fact]
    public void Every_property_of_a_specification_has_an_option_of_train() => Assert.Empty(
        OptionNames.All.Where(entry => entry.Key.Owner is nameof(RunSpec) or nameof(ModelSpec) or nameof(OptimizerSpec))
            .Select(entry => entry.Value)
            .Except(new TrainOptions().All.Select(option => option.Name)));

    [Fact]
    public void Every_option_of_the_tables_exists()
    {
        Assert.Empty(OptionNames.All.Values.Except(Options));
        Assert.Empty(OptionNames.OfFailures.Values.SelectMany(names => names).Except(new TrainOptions().All.Select(option => option.Name)));
        Command worker = Application.Create().Root.Subcommands.Single(command => command.Name == "worker");
        Assert.Empty(OptionNames.OfRefusals.Values.SelectMany(names => names).Except(OptionsOf(worker)));
    }

    [Fact]
    public void No_entry_names_a_property_that_does_not_exist()
    {
        HashSet<PropertyName> named = [.. ((IEnumerable<object[]>)Properties).Select(row => (PropertyName)row[0])];
        Assert.All(OptionNames.All.Keys.Except(named), property => Assert.Contains(
            typeof(RunSpec).Assembly.GetTypes().Single(type => type.Name == property.Owner).GetProperties(),
            info => info.Name == property.Name));
    }

    [Theory]
    [InlineData(RunFailureCause.NotFinite, "the loss is not finite (--learning-rate, --clip-norm)")]
    [InlineData(RunFailureCause.StartTimeout, "the loss is not finite (--min-workers, --start-workers, --start-timeout)")]
    [InlineData(RunFailureCause.ShardFailed, "the loss is not finite")]
    public void A_failed_run_names_options_by_its_cause_and_not_by_its_text(RunFailureCause cause, string reason) =>
        Assert.Equal(reason, OptionNames.ReasonOf(RunOutcome.Failed(cause, "the loss is not finite")));

    [Fact]
    public void A_refused_node_names_options_by_its_cause()
    {
        var end = new NodeEnd(NodeEndCause.RegistrationRefused, "refused", WasIn: false);
        Assert.Equal("refused", OptionNames.ReasonOf(end));
        Assert.Equal("refused", OptionNames.ReasonOf(end with { Refusal = RefusalCause.Unknown }));
        Assert.Equal("refused (--cookie-file)", OptionNames.ReasonOf(end with { Refusal = RefusalCause.Cookie }));
        Assert.Equal("refused (--blas)", OptionNames.ReasonOf(end with { Refusal = RefusalCause.Arithmetic }));
    }

    [Fact]
    public void A_data_set_cache_that_cannot_be_written_names_its_option()
    {
        BadInputException error = Assert.Throws<BadInputException>(() => new DatasetCache("/dev/null/cache").Begin(new string('0', 64), 1));
        string reason = OptionNames.ReasonOf(new NodeEnd(NodeEndCause.DatasetUnusable, error.Message, WasIn: true));
        Assert.Contains("/dev/null/cache cannot be written: ", reason, StringComparison.Ordinal);
        Assert.EndsWith(" (--cache)", reason, StringComparison.Ordinal);
    }

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

    private static IEnumerable<string> OptionsOf(Command command) =>
        [.. command.Options.Select(option => option.Name), .. command.Subcommands.SelectMany(OptionsOf)];
}
