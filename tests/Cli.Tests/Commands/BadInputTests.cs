using System.Diagnostics;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>What a user got wrong ends in one clear line and an exit code, never in a stack trace.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string[], string> Options => new()
    {
        { ["--hidden", "0"], "--hidden 0: expected the neurons of each hidden layer, each at least 1, such as 256 or 256,128, or none" },
        { ["--shards", "3"], "--shards 3: the number of shards is a power of two from 1 to 4096 (1, 2, 4, 8, 16 …)." },
        { ["--batch-size", "0"], "--batch-size 0: expected a whole number of at least 1" },
        { ["--batch-size", "5000"], "--batch-size 5000: there are only 1000 training rows." },
        { ["--epochs", "many"], "--epochs many: expected a whole number of at least 1" },
        { ["--learning-rate", "-1"], "--learning-rate -1: expected a number above 0" },
        { ["--optimizer", "adamant"], "--optimizer adamant: expected one of adam, adamw, sgd, momentum, nesterov, rmsprop, adagrad" },
        { ["--weight-decay", "0.1"], "--weight-decay 0.1 has no meaning with --optimizer adam: use --optimizer adamw, or --l2 for a penalty in the loss" },
        { ["--blas", "cuda"], "simd, openblas, mathnet" },
        { ["--preset", "slow"], "--preset slow: expected one of fast, accurate, notebook" },
        { ["--dropout", "0.1,0.2,0.3"], "--dropout has 3 rates for 1 hidden layers: give one, or one for each." },
        { ["--input-noise", "-0.1"], "--input-noise -0.1: expected a finite number of at least 0" },
        { ["--input-noise", "1e39"], "--input-noise 1e39: expected a finite number of at least 0" },
        { ["--input-noise", "NaN"], "--input-noise NaN: expected a finite number of at least 0" },
        { ["--model", "x.json", "--input-noise", "0.1"], "--model and --input-noise both describe the network: give one of them." },
        { ["--validation", "1000"], "1000 validation rows cannot be held out of the 1000 training rows" },
        { ["--batch-norm", "--batch-size", "4", "--shards", "4"], "batch-norm needs at least 2 rows a shard" },
        { ["--model", "x.json", "--hidden", "5"], "--model and --hidden both describe the network: give one of them." },
        { ["--init-from", "missing.safetensors"], "missing.safetensors" },
        { ["--config", "missing.json"], "--config missing.json: cannot be read" },
        { ["--resume", "missing"], "missing: there is no such directory" },
        { ["--no-such-option"], "--no-such-option" },
        { ["--workers", "0"], "--workers 0 needs --listen" },
        { ["--min-workers", "2"], "--min-workers needs --listen" },
        { ["--listen", "7000"], "--listen 7000: expected HOST:PORT with a name, an IPv4 address or an IPv6 address in brackets, such as 10.0.0.1:7000 or [fd00::1]:7000" },
        { ["--listen", "::1:7000"], "--listen ::1:7000: expected HOST:PORT with a name" },
        { ["--listen", "[fd00::1:7000"], "--listen [fd00::1:7000: expected HOST:PORT with a name" },
        { ["--listen", "[::]:7000", "--insecure"], "give with --advertise HOST" },
        { ["--listen", "0.0.0.0:7000", "--insecure"], "give with --advertise HOST" },
        { ["--listen", "10.0.0.1:7000"], "nothing protects the cluster: give --tls-cert, --tls-key and --tls-ca, or --cookie-file, or insist with --insecure" },
        { ["--listen", "127.0.0.1:7000", "--start-timeout", "soon"], "--start-timeout soon: expected a time such as 30s, 10m or 2h" },
        { ["--listen", "127.0.0.1:7000", "--tls-cert", "a.pem"], "--tls-cert, --tls-key and --tls-ca go together" },
        { ["--dataset", "missing.csv"], "missing.csv" },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void A_bad_option_is_named_with_what_would_be_right(string[] arguments, string message)
    {
        string[] dataset = arguments.Contains("--dataset") ? [] : ["--dataset", NnClusterProcess.MnistRows];
        ProcessResult result = NnClusterProcess.Run(["train", .. dataset, .. arguments, "--out", _directory["run"]]);
        Expect(2, message, result);
        Assert.False(Directory.Exists(_directory["run"]));
    }

    /// <summary>Arguments of a script whose variable is not set.</summary>
    [Theory]
    [InlineData("train", "--dataset", "x.csv", "--out", "")]
    [InlineData("train", "--dataset", "")]
    [InlineData("evaluate", "")]
    [InlineData("predict", "run", "")]
    [InlineData("predict", "", "x.csv")]
    [InlineData("serve", " ")]
    [InlineData("export", "", "-o", "x.onnx")]
    [InlineData("plot", "")]
    [InlineData("status", "")]
    [InlineData("data", "info", "")]
    [InlineData("data", "prepare", "x.csv", "-o", "")]
    [InlineData("worker", "--join", "127.0.0.1:7000", "--cache", "")]
    public void An_empty_argument_is_named(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments);
        Expect(2, "is empty", process.Wait());
    }

    /// <summary>A directory in the place of the file: as root, every file can be read.</summary>
    [Theory]
    [InlineData("train", "--listen", "127.0.0.1:7000", "--cookie-file")]
    [InlineData("train", "--listen", "127.0.0.1:7000", "--tls-key", "a.key", "--tls-ca", "ca.pem", "--tls-cert")]
    [InlineData("worker", "--join", "127.0.0.1:7000", "--cookie-file")]
    public void A_secret_that_cannot_be_read_ends_either_command_with_exit_code_2(params string[] arguments)
    {
        using var process = new NnClusterProcess([.. arguments, _directory.Path]);
        Expect(2, $"{arguments[^1]} {_directory.Path}: is a directory, expected a file", process.Wait());
    }

    [Fact]
    public void A_corrupt_data_file_is_named_with_what_was_expected()
    {
        string data = _directory["data"];
        Directory.CreateDirectory(data);
        foreach (string file in Directory.GetFiles(NnClusterProcess.MnistRows))
        {
            File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        }

        File.WriteAllBytes(Path.Combine(data, "t10k-labels-idx1-ubyte.gz"), [0, 0, 8, 1, 0, 0, 0, 200, 7]);
        Expect(2, "t10k-labels-idx1-ubyte.gz", NnClusterProcess.Run("train", "--dataset", data, "--out", _directory["run"]));
    }

    [Fact]
    public void A_directory_without_data_is_named_with_the_files_that_are_missing() =>
        Expect(2, "train-images-idx3-ubyte", NnClusterProcess.Run("train", "--dataset", _directory.Path, "--out", _directory["run"]));

    [Fact]
    public void A_run_directory_that_cannot_be_made_ends_with_exit_code_1()
    {
        File.WriteAllText(_directory["file"], "");
        Expect(1, _directory["file"], NnClusterProcess.Run("train", "--dataset", NnClusterProcess.MnistRows, "--out", Path.Combine(_directory["file"], "run")));
    }

    [Fact]
    public void A_run_directory_that_holds_a_run_is_not_overwritten()
    {
        string[] arguments = ["train", "--dataset", NnClusterProcess.MnistRows, "--epochs", "1", "--out", _directory["run"]];
        Assert.Equal(0, NnClusterProcess.Run(arguments).ExitCode);
        Expect(2, "already holds a run", NnClusterProcess.Run(arguments));
    }

    [RootFact]
    public void A_full_disk_ends_with_exit_code_1_and_the_reason()
    {
        Directory.CreateDirectory(_directory["disk"]);
        Shell("mount", "-t", "tmpfs", "-o", "size=256k", "nncluster-test", _directory["disk"]);
        try
        {
            Expect(1, "No space left on device", NnClusterProcess.Run("train", "--dataset", NnClusterProcess.MnistRows, "--out", Path.Combine(_directory["disk"], "run")));
        }
        finally
        {
            Shell("umount", _directory["disk"]);
        }
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_the_run_and_says_where()
    {
        ProcessResult result = NnClusterProcess.Run("train", "--dataset", NnClusterProcess.MnistRows, "--optimizer", "sgd", "--learning-rate", "1e30", "--out", _directory["run"]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The run failed: step ", result.Error, StringComparison.Ordinal);
        Assert.Contains("is not finite", result.Error, StringComparison.Ordinal);
        Assert.Contains("(--learning-rate, --clip-norm)", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static void Expect(int exitCode, string message, ProcessResult result)
    {
        Assert.True(exitCode == result.ExitCode, $"exit code {result.ExitCode}: {result.Error}");
        string last = result.Error.Split('\n')[^1];
        Assert.Contains(message, last, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static void Shell(string command, params string[] arguments)
    {
        using Process process = Process.Start(command, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
