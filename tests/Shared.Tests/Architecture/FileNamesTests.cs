using System.Reflection;
using System.Text.RegularExpressions;
using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Architecture;

/// <summary>Only <see cref="RunPaths"/> knows the names of the files of a run directory.</summary>
public sealed partial class FileNamesTests
{
    [Fact]
    public void No_string_outside_RunPaths_has_a_file_name_of_a_run_directory()
    {
        string[] offenders =
        [
            .. Sources()
                .Where(file => Path.GetFileName(file) != nameof(RunPaths) + ".cs")
                .SelectMany(file => StringsOf(File.ReadAllText(file))
                    .Where(text => FileName().IsMatch(text))
                    .Select(text => $"{file}: {text}")),
        ];

        Assert.Empty(offenders);
    }

    [Fact]
    public void The_check_knows_every_name_of_RunPaths()
    {
        string[] names =
        [
            .. typeof(RunPaths).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!),
        ];

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches(FileName(), $"\"{name}\""));
    }

    [Fact]
    public void The_check_sees_strings_and_no_comments()
    {
        const string source = """
            // "config.json" in a comment
            /* "events.jsonl" */ char quote = '"'; string url = "http://x"; string path = $"{run}/metrics.jsonl";
            string raw = @"C:\summary.json"; char slash = '\\'; string after = "curves.png";
            """;

        Assert.Equal(["\"http://x\"", "$\"{run}/metrics.jsonl\"", "@\"C:\\summary.json\"", "\"curves.png\""], StringsOf(source));
    }

    private static IEnumerable<string> StringsOf(string source) =>
        Token().Matches(source).Where(token => token.Groups["string"].Success).Select(token => token.Value);

    private static string[] Sources()
    {
        DirectoryInfo? root = new(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "NnCluster.sln")))
        {
            root = root.Parent;
        }

        Assert.NotNull(root);
        string objects = $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}";
        return [.. Directory.GetFiles(Path.Combine(root.FullName, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains(objects, StringComparison.Ordinal))];
    }

    /// <summary>Comments, characters and strings, whichever begins first; braces of interpolated strings stay in the string.</summary>
    [GeneratedRegex("""""
        //[^\n]*|/\*[\s\S]*?\*/|'(?:\\.[^']*|[^'\\])'|(?<string>\$*"""[\s\S]*?"""|\$?@\$?"(?:[^"]|"")*"|\$?"(?:\\.|[^"\\\n])*")
        """"", RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();

    [GeneratedRegex("""config\.json|metrics\.jsonl|events\.jsonl|summary\.json|curves\.png|model\.onnx|(?<!FILE)\.safetensors|\.rejected|"\.lock"|"tensorboard"|tfevents""")]
    private static partial Regex FileName();
}
