using System.CommandLine;
using System.CommandLine.Parsing;
using NnCluster.Cli.Options;

namespace NnCluster.Cli.Commands;

/// <summary>The line that explains a command line which cannot be parsed.</summary>
internal static class UsageError
{
    private const int LongestMessage = 400;

    /// <summary>The error of a command line; null if it is valid.</summary>
    /// <param name="given">The parsed command line.</param>
    /// <param name="arguments">The arguments as given.</param>
    public static string? Of(ParseResult given, string[] arguments)
    {
        if (given.Action is HelpPage)
        {
            return null;
        }

        CommandResult command = given.CommandResult;
        string[] unmatched = given.Errors.Count > 0 ? [.. given.UnmatchedTokens] : [];
        string? unknown = unmatched.FirstOrDefault(IsOption) ?? OptionAsArgument(command, arguments) ?? unmatched.FirstOrDefault();
        string? reason = unknown is not null ? Unknown(unknown, command.Command)
            : given.Errors.Count > 0 ? given.Errors[0].Message.TrimEnd('.')
            : Blank(command);
        return reason is null ? null : $"{OneLine(reason)}{(reason[^1] == '?' ? "" : ".")} See: nncluster{NamesOf(command)} --help";
    }

    /// <summary>A message that may quote an argument, on one line of bounded length.</summary>
    private static string OneLine(string message)
    {
        string shown = message.Length > LongestMessage ? $"{message[..(LongestMessage / 2)]}…{message[^(LongestMessage / 2)..]}" : message;
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }

    /// <summary>An argument or option that is blank, such as one from a shell variable that is not set, or has a NUL.</summary>
    private static string? Blank(CommandResult command)
    {
        foreach (SymbolResult symbol in command.Children)
        {
            (string name, Type type) = symbol switch
            {
                OptionResult option => (option.Option.Name, option.Option.ValueType),
                ArgumentResult argument => (argument.Argument.Name, argument.Argument.ValueType),
                _ => ("", typeof(object)),
            };
            if ((type == typeof(string) || type == typeof(string[])) && symbol.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
            {
                return $"{name}: is empty; expected a value";
            }

            // No argument of a process has one; a text of --config may.
            if (symbol.Tokens.Any(token => token.Value.Contains('\0')))
            {
                return $"{name}: has a NUL character; expected a text without";
            }
        }

        return null;
    }

    private static string Unknown(string token, Command command)
    {
        bool isOption = IsOption(token);
        if (!isOption && command.Subcommands.Count == 0)
        {
            return $"{token}: unexpected argument";
        }

        string name = isOption ? token.Split('=', ':')[0] : token;
        IEnumerable<string> known = isOption
            ? HelpPage.OptionsOf(command).Select(option => option.Name)
            : command.Subcommands.Where(below => !below.Hidden).Select(below => below.Name);
        string error = $"{name}: no such {(isOption ? "option" : "command")}";
        return Suggestion.For(name, known) is { } nearest ? $"{error}; did you mean {nearest}?" : error;
    }

    /// <summary>A mistyped option that the parser took for an argument of the command.</summary>
    private static string? OptionAsArgument(CommandResult command, string[] arguments) =>
        command.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .FirstOrDefault(value => IsOption(value) && arguments.TakeWhile(argument => argument != "--").Contains(value));

    private static bool IsOption(string token) => token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]);

    /// <summary>Names of a command below the program, each after a space.</summary>
    private static string NamesOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{NamesOf(parent)} {command.Command.Name}" : "";
}
