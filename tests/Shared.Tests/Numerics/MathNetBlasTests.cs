using NnCluster.Numerics;

namespace NnCluster.Shared.Tests.Numerics;

public sealed class MathNetBlasTests : BlasConformance
{
    protected override IBlas CreateBlas() => new MathNetBlas();

    [Fact]
    public void The_arithmetic_names_the_provider() => Assert.StartsWith("mathnet Managed", new MathNetBlas().Arithmetic);
}
