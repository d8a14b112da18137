using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
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

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>The Dockerfile fits the repository. There is no engine in the tests: nothing is built.</summary>
public sealed class DockerfileTests
{
    private static readonly string Text = DeployFiles.Read("Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal);
    private static readonly string[] Instructions = [.. Text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
    private static readonly string[] FinalStage = [.. Instructions.Reverse().TakeWhile(line => !line.StartsWith("FROM", StringComparison.Ordinal)).Reverse()];

    /// <summary>The image's name, with the version of the programs.</summary>
    public static string Image { get; } = "nncluster:" + XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("Version").Single().Value;

    /// <summary>The variables that the image sets.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = FinalStage
        .Where(line => line.StartsWith("ENV ", StringComparison.Ordinal))
        .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..])
        .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim('"'));

    /// <summary>The ports that the image names.</summary>
    public static IReadOnlyList<string> ExposedPorts { get; } = FinalStage.Single(line => line.StartsWith("EXPOSE ", StringComparison.Ordinal)).Split(' ')[1..];

    private static IEnumerable<string> Sources => Instructions
        .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal))
        .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1].Where(word => !word.StartsWith("--", StringComparison.Ordinal)));

    [Fact]
    public void Everything_copied_is_in_the_repository_and_not_kept_from_the_builder()
    {
        string[] allowed = [.. DeployFiles.Lines("Dockerfile.dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..])];
        Assert.NotEmpty(Sources);
        Assert.All(Sources, source =>
        {
            Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), $"there is no {source}");
            Assert.Contains(allowed, name => source.TrimEnd('/') == name || source.StartsWith(name + "/", StringComparison.Ordinal));
        });
        Assert.All(allowed, name => Assert.True(Path.Exists(Path.Combine(Repository.Root, name)), $"there is no {name}"));
    }

    [Fact]
    public void Every_project_below_src_is_copied_before_packages_are_restored()
    {
        string[] projects = [.. Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Repository.Root, path))];
        Assert.Equal(projects.Order(), Sources.Where(source => source.EndsWith(".csproj", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void The_program_is_restored_and_published_for_the_target_architecture()
    {
        foreach (string verb in new[] { "restore", "publish" })
        {
            string[] calls = [.. Regex.Matches(Text, $@"dotnet {verb} (\S+)(?: -c Release)? -a ""\$TARGETARCH""").Select(match => match.Groups[1].Value)];
            Assert.Equal(["src/Cli/Cli.csproj"], calls);
        }

        Assert.Contains("FROM --platform=$BUILDPLATFORM", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_base_images_carry_the_framework_that_the_programs_ask_for()
    {
        string version = Regex.Match(Text, @"ARG DOTNET=(\S+)").Groups[1].Value;
        Assert.Equal($"net{version}", XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("TargetFramework").Single().Value);
        Assert.Equal(["sdk", "aspnet"], Regex.Matches(Text, @"FROM .*dotnet/(\w+):\$\{DOTNET\}").Select(match => match.Groups[1].Value));
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "nncluster.runtimeconfig.json")));
        JsonElement options = config.RootElement.GetProperty("runtimeOptions");
        Assert.Equal(
            ["Microsoft.NETCore.App", "Microsoft.AspNetCore.App"],
            options.GetProperty("frameworks").EnumerateArray().Select(framework => framework.GetProperty("name").GetString()));
    }

    [Fact]
    public void The_final_image_runs_as_an_ordinary_user_and_has_no_tools_for_building()
    {
        Assert.Equal("USER $APP_UID", FinalStage.Last(line => line.StartsWith("USER", StringComparison.Ordinal)));
        Assert.DoesNotContain(FinalStage, line => Regex.IsMatch(line, "apt|curl|wget|dotnet (build|publish|restore)|^ADD"));
        Assert.Equal(["4500", "4501"], ExposedPorts);
        Assert.StartsWith("CMD [", FinalStage[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(":latest", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_sets_are_looked_for_and_fetched_to_a_directory_of_the_ordinary_user()
    {
        string[] owned = FinalStage.Single(line => line.Contains("install -d -o \"$APP_UID\"", StringComparison.Ordinal)).Split(' ');
        Assert.Contains(Environment["NNCLUSTER_DATA"], owned);
        Assert.Contains(Environment["XDG_CACHE_HOME"], owned);
    }

    [Fact]
    public void The_build_command_in_the_instructions_names_the_image_with_its_version()
    {
        string command = $"docker build -f deploy/Dockerfile -t {Image} .";
        Assert.Contains(command, Text, StringComparison.Ordinal);
        Assert.Contains(command, DeployFiles.Read("README.md"), StringComparison.Ordinal);
    }
}
