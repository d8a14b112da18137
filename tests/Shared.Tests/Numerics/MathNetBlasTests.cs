using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class MathNetBlasTests : BlasConformance
{
    protected override IBlas CreateBlas() => new MathNetBlas();

    [Fact]
    public void The_arithmetic_names_the_provider() => Assert.StartsWith("mathnet Managed", new MathNetBlas().Arithmetic);
}
