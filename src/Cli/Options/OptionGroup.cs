using System.CommandLine;

namespace NnCluster.Cli.Options;

/// <summary>Options of a command that its help shows under one heading.</summary>
/// <param name="Title">The heading.</param>
/// <param name="Options">The options, in the order of the help.</param>
internal sealed record OptionGroup(string Title, IReadOnlyList<Option> Options);
