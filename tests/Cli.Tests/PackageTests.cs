using System.IO.Compression;
using System.Reflection;
using System.Xml.Linq;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests;

/// <summary>The packages hold what they should, and a project outside the repository can use them.</summary>
public sealed class PackageTests(PackageTests.PackedPackages packed) : IClassFixture<PackageTests.PackedPackages>
{
    private static readonly string Version = typeof(PackageTests).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
        .InformationalVersion.Split('+')[0];

    [Fact]
    public void Three_packages_are_packed() =>
        Assert.Equal(
            [$"NnCluster.{Version}.nupkg", $"NnCluster.Cli.{Version}.nupkg", $"NnCluster.Core.{Version}.nupkg"],
            Directory.GetFiles(packed.Packages).Select(path => Path.GetFileName(path)).Order(StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void The_core_package_holds_one_assembly_and_knows_no_akka()
    {
        Assert.Equal(
            ["README.md", "lib/net10.0/NnCluster.Core.dll", "lib/net10.0/NnCluster.Core.xml"],
            ContentsOf("NnCluster.Core"));
        string[] needed =
        [
            "CsvHelper", "Google.Protobuf", "MathNet.Numerics", "Parquet.Net", "SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies",
            "System.IO.Hashing", "System.Numerics.Tensors",
        ];
        Assert.Equal(needed, DependenciesOf("NnCluster.Core"));
    }

    [Fact]
    public void The_trainer_package_holds_three_assemblies_and_names_the_packages_they_need()
    {
        Assert.Equal(
            [
                "README.md",
                "lib/net10.0/NnCluster.Cluster.dll",
                "lib/net10.0/NnCluster.Coordinator.dll",
                "lib/net10.0/NnCluster.Coordinator.xml",
                "lib/net10.0/NnCluster.Worker.dll",
            ],
            ContentsOf("NnCluster"));
        Assert.Equal(
            [
                "Akka", "Akka.Cluster", "Akka.Cluster.Hosting", "Akka.Remote", "Akka.Serialization.Hyperion",
                "Microsoft.Extensions.Hosting", "NnCluster.Core",
            ],
            DependenciesOf("NnCluster"));
    }

    [Theory]
    [InlineData("NnCluster.Core")]
    [InlineData("NnCluster")]
    [InlineData("NnCluster.Cli")]
    public void A_package_has_a_description_a_licence_and_a_readme(string package)
    {
        Assert.Equal("Apache-2.0", Metadata(package, "license").Value);
        Assert.Equal("README.md", Metadata(package, "readme").Value);
        Assert.NotEqual("Package Description", Metadata(package, "description").Value);
        Assert.Null(Metadata(package, "repository").Attribute("url"));
    }

    [Fact]
    public void A_project_outside_the_repository_trains_with_the_package()
    {
        string directory = packed.Directory["outside"];
        packed.Directory.Write("outside/outside.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="NnCluster" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        // The machine's own sources stay; this one is added to them.
        packed.Directory.Write("outside/nuget.config", $"""
            <configuration>
              <packageSources>
                <add key="packed" value="{packed.Packages}" />
              </packageSources>
            </configuration>
            """);
        File.Copy(Path.Combine(Repository.Root, "examples", "train-arrays", "Program.cs"), Path.Combine(directory, "Program.cs"));
        // The packages under test stay out of the machine's package folder: their version does not change with their content.
        ProcessResult built = DotnetCommand.Run(
            directory, "build", "-o", "out", "-v", "q", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false",
            $"-p:RestorePackagesPath={packed.Directory["outside-packages"]}", $"-p:RestoreFallbackFolders={PackageFolder}");
        Assert.True(built.ExitCode == 0, built.Output + built.Error);
        ProcessResult ran = DotnetCommand.Run(directory, Path.Combine("out", "outside.dll"));
        Assert.True(ran.ExitCode == 0, ran.Error);
        Assert.StartsWith("test accuracy", ran.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory, "points.safetensors")));
    }

    [Fact]
    public void The_tool_installs_and_runs()
    {
        string tools = packed.Directory["tools"];
        ProcessResult installed = DotnetCommand.Run(
            packed.Directory.Path, "tool", "install", "NnCluster.Cli", "--version", Version, "--tool-path", tools, "--add-source", packed.Packages);
        Assert.True(installed.ExitCode == 0, installed.Output + installed.Error);
        ProcessResult info = DotnetCommand.RunProgram(Path.Combine(tools, "nncluster"), packed.Directory.Path, "info", "--json");
        Assert.True(info.ExitCode == 0, info.Error);
        Assert.Equal(System.Text.Json.JsonValueKind.Object, info.Json.ValueKind);
    }

    private static string PackageFolder =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private string PathOf(string package) => Path.Combine(packed.Packages, $"{package}.{Version}.nupkg");

    // Without the parts of the container format.
    private string[] ContentsOf(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf(package));
        return [.. archive.Entries.Select(entry => entry.FullName)
            .Where(name => !name.EndsWith(".nuspec", StringComparison.Ordinal) && !name.EndsWith(".psmdcp", StringComparison.Ordinal)
                && name is not ("_rels/.rels" or "[Content_Types].xml"))
            .Order(StringComparer.Ordinal)];
    }

    private string[] DependenciesOf(string package) =>
        [.. NuspecOf(package).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal)];

    private XElement Metadata(string package, string name) => NuspecOf(package).Descendants().Single(element => element.Name.LocalName == name);

    private XDocument NuspecOf(string package)
    {
        using ZipArchive archive = ZipFile.OpenRead(PathOf(package));
        using Stream stream = archive.GetEntry($"{package}.nuspec")!.Open();
        return XDocument.Load(stream);
    }

    /// <summary>The packages of the solution, in a temporary directory, built apart from the programs that other tests run.</summary>
    public sealed class PackedPackages : IDisposable
    {
        /// <summary>Packs.</summary>
        public PackedPackages()
        {
            ProcessResult result = DotnetCommand.Run(
                Repository.Root, "pack", "NnCluster.sln", "-c", "Release", "-o", Packages, "--artifacts-path", Directory["artifacts"],
                "-p:CompileAhead=false", "-p:RunAnalyzers=false", "-p:UseSharedCompilation=false", "-nodeReuse:false", "-v", "q", "-nologo");
            Assert.True(result.ExitCode == 0, result.Output + result.Error);
        }

        internal TemporaryDirectory Directory { get; } = new();

        /// <summary>Directory of the packages.</summary>
        public string Packages => Directory["packages"];

        /// <summary>Deletes the directory.</summary>
        public void Dispose() => Directory.Dispose();
    }
}
