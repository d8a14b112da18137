using System.Reflection;
using NnCluster.Testing;
using PublicApiGenerator;

namespace NnCluster.Architecture.Tests;

/// <summary>
/// The public types and members of the packed assemblies are those of tests/fixtures/public-api. With NNCLUSTER_APPROVE=1 in the
/// environment the test writes the files instead; the difference is then reviewed with the change that made it.
/// </summary>
public sealed class PublicSurfaceTests
{
    private static readonly string Approved = Path.Combine(Repository.Root, "tests", "fixtures", "public-api");

    [Theory]
    [InlineData("NnCluster.Core")]
    [InlineData("NnCluster.Cluster")]
    [InlineData("NnCluster.Worker")]
    [InlineData("NnCluster.Coordinator")]
    public void The_public_surface_is_the_recorded_one(string assembly)
    {
        string generated = Assembly.Load(assembly).GeneratePublicApi(new() { IncludeAssemblyAttributes = false });
        string surface = generated.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        string path = Path.Combine(Approved, assembly + ".txt");
        if (Environment.GetEnvironmentVariable("NNCLUSTER_APPROVE") == "1")
        {
            File.WriteAllText(path, surface);
        }

        Assert.Equal(File.Exists(path) ? File.ReadAllText(path) : "", surface);
    }

    [Theory]
    [InlineData("NnCluster.Cluster")]
    [InlineData("NnCluster.Worker")]
    public void An_assembly_behind_the_trainer_has_no_public_type(string assembly) =>
        Assert.Empty(Assembly.Load(assembly).GetExportedTypes().Select(type => type.FullName));
}
