using System.CommandLine;
using NnCluster.Cli.Commands;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A mistyped option or command gets the nearest one named.</summary>
public sealed class UsageErrorTests
{
    [Theory]
    [InlineData("train --epoch 3", "--epoch: no such option; did you mean --epochs? See: nncluster train --help")]
    [InlineData("train --epoch=3", "--epoch: no such option; did you mean --epochs? See: nncluster train --help")]
    [InlineData("train --seed 2 --beta11 0.1", "--beta11: no such option; did you mean --beta1? See: nncluster train --help")]
    [InlineData("train --frobnicate", "--frobnicate: no such option. See: nncluster train --help")]
    [InlineData("train mnist", "mnist: unexpected argument. See: nncluster train --help")]
    [InlineData("worker --jion a:1", "--jion: no such option; did you mean --join? See: nncluster worker --help")]
    [InlineData("launch --worker 2", "--worker: no such option; did you mean --workers? See: nncluster launch --help")]
    [InlineData("evaluate --datset x run", "--datset: no such option; did you mean --dataset? See: nncluster evaluate --help")]
    [InlineData("predict run --blass simd a.png", "--blass: no such option; did you mean --blas? See: nncluster predict --help")]
    [InlineData("trian", "trian: no such command; did you mean train? See: nncluster --help")]
    [InlineData("frobnicate", "frobnicate: no such command. See: nncluster --help")]
    [InlineData("data lst", "lst: no such command; did you mean list? See: nncluster data --help")]
    [InlineData("train --epochs x", "--epochs x: expected a whole number of at least 1. See: nncluster train --help")]
    public void The_error_is_one_line_with_the_nearest_name(string arguments, string error) =>
        Assert.Equal(error, ErrorOf(arguments.Split(' ')));

    [Theory]
    [InlineData("train")]
    [InlineData("train --help --epoch")]
    [InlineData("predict run -- --blass")]
    [InlineData("plot -o x.png run")]
    public void A_valid_command_line_has_no_error(string arguments) => Assert.Null(ErrorOf(arguments.Split(' ')));

    [Fact]
    public void The_program_ends_with_exit_code_2()
    {
        ProcessResult result = NnClusterProcess.Run("train", "--epoch", "3");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Equal("--epoch: no such option; did you mean --epochs? See: nncluster train --help", result.Error);
    }

    private static string? ErrorOf(string[] arguments)
    {
        (RootCommand root, _, _) = Application.Create();
        return UsageError.Of(root.Parse(arguments), arguments);
    }
}
