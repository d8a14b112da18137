using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

[Collection("OpenBLAS environment")]
public sealed class BlasTests
{
    [Theory]
    [InlineData("simd")]
    [InlineData("mathnet")]
    public void A_backend_is_made_by_its_name(string name) => Assert.Equal(name, Blas.Create(name).Name);

    [Fact]
    public void An_unknown_name_is_answered_with_the_known_ones()
    {
        BadInputException exception = Assert.Throws<BadInputException>(() => Blas.Create("cublas"));
        Assert.Contains("cublas", exception.Message);
        Assert.All(Blas.Names, name => Assert.Contains(name, exception.Message));
    }

    [Fact]
    public void An_OpenBLAS_that_does_not_load_is_answered_with_what_to_install()
    {
        string? before = Environment.GetEnvironmentVariable("NNCLUSTER_OPENBLAS");
        Environment.SetEnvironmentVariable("NNCLUSTER_OPENBLAS", "/nowhere/libopenblas.so");
        try
        {
            BadInputException exception = Assert.Throws<BadInputException>(() => Blas.Create("openblas"));
            Assert.Contains("/nowhere/libopenblas.so", exception.Message);
            Assert.Contains("libopenblas0-pthread", exception.Message);
        }
        finally
        {
            Environment.SetEnvironmentVariable("NNCLUSTER_OPENBLAS", before);
        }
    }
}
