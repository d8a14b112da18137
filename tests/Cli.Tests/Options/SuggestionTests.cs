using NnCluster.Cli.Options;

namespace NnCluster.Cli.Tests.Options;

public sealed class SuggestionTests
{
    private static readonly string[] Names = ["--epochs", "--batch-norm", "--batch-size", "--l1", "--l2", "--learning-rate", "--json"];

    [Theory]
    [InlineData("--epoch", "--epochs")]
    [InlineData("--epohcs", "--epochs")]
    [InlineData("-epochs", "--epochs")]
    [InlineData("--batchSize", "--batch-size")]
    [InlineData("--batch_size", "--batch-size")]
    [InlineData("--batch-sice", "--batch-size")]
    [InlineData("--lerning-rat", "--learning-rate")]
    [InlineData("--learn", "--learning-rate")]
    [InlineData("--JSON", "--json")]
    [InlineData("--l3", "--l1")]
    public void The_nearest_name_is_found(string typed, string name) => Assert.Equal(name, Suggestion.For(typed, Names));

    [Theory]
    [InlineData("--frobnicate")]
    [InlineData("--slots")]
    [InlineData("--xy")]
    [InlineData("--")]
    public void Nothing_is_suggested_where_nothing_is_near(string typed) => Assert.Null(Suggestion.For(typed, Names));

    [Fact]
    public void Nothing_is_suggested_without_names() => Assert.Null(Suggestion.For("--epochs", []));
}
