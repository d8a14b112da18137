using NnCluster.Control;

namespace NnCluster.Cluster.Tests.Control;

public sealed class HostPortTests
{
    [Theory]
    [InlineData("alpha", "alpha", null)]
    [InlineData("alpha:14053", "alpha", 14053)]
    [InlineData("10.0.0.1", "10.0.0.1", null)]
    [InlineData("10.0.0.1:1", "10.0.0.1", 1)]
    [InlineData("fd00::1", "[fd00::1]", null)]
    [InlineData("[fd00::1]", "[fd00::1]", null)]
    [InlineData("[fd00::1]:9", "[fd00::1]", 9)]
    public void An_advertised_address_may_name_a_port(string text, string host, int? port)
    {
        var advertised = AdvertisedAddress.Parse(text);
        Assert.Equal(new AdvertisedAddress(host, port), advertised);
        Assert.Equal(new HostPort(host, port ?? 4053), AdvertisedAddress.Of(advertised, new("0.0.0.0", 4053)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("alpha:0")]
    [InlineData("alpha:65536")]
    [InlineData("[fd00::1")]
    public void Anything_else_is_none(string text) => Assert.Null(AdvertisedAddress.Parse(text));

    [Fact]
    public void Without_an_advertised_address_it_is_the_one_that_is_listened_on() =>
        Assert.Equal(new HostPort("beta", 7), AdvertisedAddress.Of(null, new("beta", 7)));

    [Fact]
    public void Blanks_around_the_addresses_of_a_list_do_not_count() =>
        Assert.Equal([new("a", 1), new("b", 2)], HostPort.ParseList("a:1, b:2")!);
}
