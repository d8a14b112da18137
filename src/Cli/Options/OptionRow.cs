namespace NnCluster.Cli.Options;

/// <summary>A row of a table of options, with everything that the help shows of one option.</summary>
/// <param name="Group">Heading in the help.</param>
/// <param name="Name">Name of the option, such as <c>--epochs</c>.</param>
/// <param name="Value">Form of the value, such as <c>N</c>; null for a flag, and for an enumeration, whose names are listed.</param>
/// <param name="Default">Value or behaviour without the option; null: the value of the default preset.</param>
/// <param name="Help">Meaning and unit, in a sentence or two.</param>
internal sealed record OptionRow(string Group, string Name, string? Value, string? Default, string Help)
{
    /// <summary>The help with the default in brackets.</summary>
    public string Description => $"{Help} [{Default ?? $"{Presets.DefaultOf(Name)} by --preset {Presets.Default}"}]";
}
