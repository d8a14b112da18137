using System.Reflection;
using System.Reflection.PortableExecutable;
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

/// <summary>What a Release build shards for the programs to start from.</summary>
public sealed class AheadOfTimeTests
{
    [AheadTheory]
    [InlineData("nncluster")]
    [InlineData("NnCluster.Cluster")]
    [InlineData("NnCluster.Core")]
    [InlineData("Akka")]
    [InlineData("Akka.Cluster")]
    [InlineData("Hyperion")]
    public void Programs_and_packages_are_compiled_before_they_start(string assembly)
    {
        using var image = new PEReader(File.OpenRead(NnClusterProcess.PathOf(assembly)));
        Assert.True(image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0, $"{assembly} holds no machine code");
    }

    private sealed class AheadTheoryAttribute : TheoryAttribute
    {
        public AheadTheoryAttribute() =>
            Skip = typeof(AheadOfTimeTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(data => data.Key == "CompiledAhead")
                ? null
                : "built to be compiled as it runs";
    }
}
