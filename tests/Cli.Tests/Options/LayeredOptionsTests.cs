using System.CommandLine;
using System.Text.Json.Nodes;
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
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Options;

public sealed class LayeredOptionsTests
{
    private readonly Option<int?> _size = CliOption.Whole("--batch-size", "", 1);
    private readonly Option<string?> _name = CliOption.Text("--name", "NAME", "");
    private readonly RootCommand _root;

    public LayeredOptionsTests()
    {
        _root = new() { new Command("outer") { new Command("inner") { _size, _name, new Argument<string[]>("file") } } };
        _root.Subcommands[0].Subcommands[0].SetAction(_ => ExitCode.Done);
        LayeredOptions.AddConfigOptions(_root);
    }

    [Fact]
    public void An_option_has_its_name_in_camel_case() => Assert.Equal("batchSize", LayeredOptions.JsonName(_size));

    [Fact]
    public void Only_commands_that_do_something_take_a_file()
    {
        Assert.DoesNotContain(_root.Subcommands[0].Options, option => option.Name == "--config");
        Assert.Contains(_root.Subcommands[0].Subcommands[0].Options, option => option.Name == "--config");
    }

    [Fact]
    public void A_higher_layer_hides_a_lower_one_and_all_stand_behind_the_names_of_the_command()
    {
        string[] arguments = ["outer", "inner", "--batch-size", "3", "outer", "--", "inner"];
        var layers = new LayeredOptions(_root.Parse(arguments));
        layers.Add(new() { ["batchSize"] = 4, ["name"] = "first" }, "a file", _ => false);
        layers.Add(new() { ["name"] = "second" }, "a preset", _ => false);
        Assert.Equal(("3", "first"), (layers.ValueOf(_size), layers.ValueOf(_name)));
        string[] all = layers.InFrontOf(arguments);
        Assert.Equal(["outer", "inner", "--name", "first", .. arguments[2..]], all);
        ParseResult parsed = _root.Parse(all);
        Assert.Empty(parsed.Errors);
        Assert.Equal((3, "first"), (parsed.GetValue(_size), parsed.GetValue(_name)));
    }

    [Fact]
    public void What_is_left_out_or_null_is_for_the_layer_below()
    {
        var layers = new LayeredOptions(_root.Parse(["outer", "inner"]));
        layers.Add(new() { ["batchSize"] = 4, ["name"] = null }, "a preset", option => option == _size);
        Assert.False(layers.Has(_size) || layers.Has(_name));
        layers.Add(new() { ["batchSize"] = new JsonArray(1, 2), ["name"] = true }, "a preset", _ => false);
        Assert.Equal(("1,2", "true"), (layers.ValueOf(_size), layers.ValueOf(_name)));
    }
}
