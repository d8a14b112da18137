using System.Reflection;
using System.Reflection.PortableExecutable;

namespace NnCluster.Coordinator.Tests;

/// <summary>What a Release build leaves for the programs to start from.</summary>
public sealed class AheadOfTimeTests
{
    [AheadTheory]
    [InlineData("nncluster")]
    [InlineData("nncluster-worker")]
    [InlineData("NnCluster.Shared")]
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
