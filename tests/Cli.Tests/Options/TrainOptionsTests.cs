using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;

namespace NnCluster.Cli.Tests.Options;

public sealed class TrainOptionsTests
{
    [Fact]
    public void The_table_has_a_row_for_every_option_in_the_same_order() =>
        Assert.Equal(TrainOptionTable.Rows.Keys, new TrainOptions().All.Where(option => !option.Hidden).Select(option => option.Name));

    [Fact]
    public void Every_option_says_its_default() => Assert.All(
        new TrainOptions().Groups.SelectMany(group => group.Options),
        option => Assert.Matches(@"\. \[.+\]$", option.Description));

    [Fact]
    public void Groups_are_in_the_order_of_the_contract() => Assert.Equal(
        ["Data", "Splits", "Preparation", "Model", "Loss", "Optimizer", "Regularisation", "Run", "Parallel", "Cluster", "Output"],
        new TrainOptions().Groups.Select(group => group.Title));

    /// <summary>The default preset hides any other default: its options must show its values, and only they.</summary>
    [Fact]
    public void Options_of_the_default_preset_show_its_values()
    {
        JsonObject preset = Presets.Get(Presets.Default);
        Option[] options = [.. new TrainOptions().Groups.SelectMany(group => group.Options)];
        Assert.All(preset, entry => Assert.Contains(
            $"[{entry.Value} by --preset {Presets.Default}]",
            options.Single(option => LayeredOptions.JsonName(option) == entry.Key).Description));
        Assert.Equal(preset.Count, TrainOptionTable.Rows.Values.Count(row => row.Default is null));
    }

    /// <summary>Defaults that are values can be given.</summary>
    [Fact]
    public void A_default_that_is_one_word_is_valid()
    {
        string[] words = ["all", "off", "none", "random"];
        var options = new TrainOptions();
        var command = new Command("train");
        foreach (Option option in options.All)
        {
            command.Add(option);
        }

        bool IsValue(string? text) => text is not null && !text.Contains(' ') && text[0] != '-' && !words.Contains(text);
        OptionRow[] rows = [.. TrainOptionTable.Rows.Values.Where(row => IsValue(row.Default))];
        Assert.True(rows.Length > 15);
        Assert.All(rows, row => Assert.Empty(command.Parse([row.Name, row.Default!]).Errors));
    }
}
