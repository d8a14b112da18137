using System.Text.Json;
using System.Text.RegularExpressions;
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

namespace NnCluster.Cli.Tests;

/// <summary>The README's commands do what it says they do, and the links of all pages lead to files.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private const string Program = "dotnet run -c Release --project src/Cli -- ";

    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "README.md"));

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> OtherCommands =>
        [.. Lines.Where(line => line.StartsWith(Program, StringComparison.Ordinal))
            .Select(line => line[Program.Length..])
            .Where(command => command != "train")];

    [Fact]
    public void The_first_command_fetches_mnist_and_ends_above_98_percent()
    {
        Assert.Contains(Program + "train", Lines);
        ProcessResult result = Run("train");
        Assert.True(result.ExitCode == 0, result.Error);
        string run = Assert.Single(Directory.GetDirectories(_directory["runs"]));
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "summary.json")));
        Assert.True(summary.RootElement.GetProperty("testAccuracy").GetDouble() >= 0.98);
        Assert.True(File.Exists(Path.Combine(run, "curves.png")));
    }

    [Theory]
    [MemberData(nameof(OtherCommands))]
    public void Every_other_command_works_on_a_small_data_set(string command)
    {
        File.WriteAllLines(_directory["my.csv"], ["area,rooms,price", .. Enumerable.Range(0, 300).Select(i => $"{20 + (i * 7 % 100)},{i % 5},{(1000 * (20 + (i * 7 % 100))) + (5000 * (i % 5))}.5")]);
        if (command.Contains("<run>", StringComparison.Ordinal))
        {
            ProcessResult first = Run($"train --dataset {NnClusterProcess.MnistRows} --epochs 1");
            Assert.True(first.ExitCode == 0, first.Error);
            string run = Path.GetRelativePath(_directory.Path, Assert.Single(Directory.GetDirectories(_directory["runs"])));
            command = command.Replace("runs/<run>", run, StringComparison.Ordinal);
        }

        command = command.Replace("fashion-mnist", NnClusterProcess.MnistRows, StringComparison.Ordinal);
        if (command.StartsWith("train --preset", StringComparison.Ordinal) || command.StartsWith("launch", StringComparison.Ordinal))
        {
            command += $" --dataset {NnClusterProcess.MnistRows} --validation 50 --batch-size 512";
        }

        ProcessResult result = Run(command);
        Assert.True(result.ExitCode == 0, $"{command}: {result.Error}");
        Assert.NotEmpty(result.Output);
    }

    public static TheoryData<string> Pages =>
        [.. new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md" }
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(page => $"docs/{Path.GetFileName(page)}"))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_to_a_file_leads_somewhere(string page)
    {
        string path = Path.Combine(Repository.Root, page);
        string[] links = [.. Links().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value)];
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(path)!, link)), $"{page} links to {link}"));
        if (page == "README.md")
        {
            Assert.NotEmpty(links);
        }
    }

    [Fact]
    public void The_glossary_names_types_that_exist()
    {
        string[] sources = [.. new[] { "src", "tests" }
            .SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))];
        HashSet<string> types =
            [.. sources.SelectMany(path => Types().Matches(File.ReadAllText(path))).Select(match => match.Groups[1].Value)];
        string glossary = File.ReadAllText(Path.Combine(Repository.Root, "docs", "glossary.md"));
        string[] named = [.. TypeNames().Matches(glossary).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.True(types.Contains(name), $"docs/glossary.md names {name}"));
    }

    public void Dispose() => _directory.Dispose();

    private ProcessResult Run(string command)
    {
        using var process = new NnClusterProcess(command.Split(' '), directory: _directory.Path);
        return process.Wait();
    }

    [GeneratedRegex(@"\]\(([^)#:]+)(?:#[^)]*)?\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"\b(?:class|record|struct|interface|enum) ([A-Z]\w*)")]
    private static partial Regex Types();

    [GeneratedRegex("`([A-Z][A-Za-z]+)`")]
    private static partial Regex TypeNames();
}
