using System.Text.Json.Nodes;
using NnCluster.Cli.Reporting;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class JsonNumbersTests
{
    [Fact]
    public void A_number_that_is_not_finite_is_null() => Assert.Equal(
        "[null,null,null,1.5,0.1]",
        new JsonArray(
            JsonNumbers.Of(float.NaN), JsonNumbers.Of(double.PositiveInfinity), JsonNumbers.Of(float.NegativeInfinity), JsonNumbers.Of(1.5),
            JsonNumbers.Of(0.1f)).ToJsonString());
}
