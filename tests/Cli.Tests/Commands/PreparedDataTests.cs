using System.Globalization;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A table that is prepared once, and trained on from its directory.</summary>
public sealed class PreparedDataTests : IDisposable
{
    private static readonly string[] Options = ["--target", "kind", "--ignore", "id", "--validation", "0.1", "--split-seed", "5", "--missing", "median"];

    private readonly TemporaryDirectory _directory = new();

    public PreparedDataTests() => File.WriteAllLines(_directory["flowers.csv"], Lines());

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Training_on_the_directory_gives_the_weights_of_training_on_the_table()
    {
        ProcessResult prepared = Done("data", ["prepare", "flowers.csv", "-o", "set", "--json", .. Options]);
        Assert.Contains("missing values filled with the median", prepared.Error, StringComparison.Ordinal);
        string inMemory = WeightsOf(Train("flowers.csv", "memory", Options));
        Assert.Equal(inMemory, WeightsOf(Train("set", "mapped")));
        Assert.Equal(inMemory, WeightsOf(Train("set", "same-options", Options)));

        string sha256 = prepared.Json.GetProperty("sha256").GetString()!;
        Assert.Equal(sha256, Done("data", "info", "set", "--verify", "--json").Json.GetProperty("sha256").GetString());
        double accuracy = Done("evaluate", "mapped", "--json").Json.GetProperty("metrics").GetProperty("accuracy").GetDouble();
        Assert.Equal(accuracy, Done("evaluate", "memory", "--json").Json.GetProperty("metrics").GetProperty("accuracy").GetDouble());
        Assert.Equal(accuracy, Done("evaluate", "memory", "--dataset", "set", "--json").Json.GetProperty("metrics").GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void An_option_that_contradicts_the_directory_ends_with_one_line_and_exit_code_2()
    {
        Done("data", ["prepare", "flowers.csv", "-o", "set", .. Options]);
        Refused("--split-seed 1: set was prepared with 5", "train", "--dataset", "set", "--split-seed", "1");
        Refused("--header no: set was prepared with yes", "train", "--dataset", "set", "--header", "no");
        Refused("--scale none: set was prepared with standard", "train", "--dataset", "set", "--scale", "none");
        Refused("--target length: set was prepared with kind", "train", "--dataset", "set", "--target", "length");
        Refused("--limit 10: set was prepared with none", "train", "--dataset", "set", "--limit", "10");
        Refused("set exists", "data", "prepare", "flowers.csv", "-o", "set");
        Refused("has no column \"colour\"", "data", "prepare", "flowers.csv", "-o", "other", "--target", "colour");
        Assert.False(Path.Exists(_directory["other"]));

        Train("flowers.csv", "run", "--target", "kind", "--ignore", "id");
        Refused("set: was prepared otherwise than the data", "evaluate", "run", "--dataset", "set");
    }

    [Fact]
    public void A_run_is_not_resumed_on_changed_content()
    {
        Done("data", ["prepare", "flowers.csv", "-o", "set", .. Options]);
        Assert.Equal(130, Run(["train", "--dataset", "set", "--epochs", "5", "--stop-after", "3", "--json", "--out", "run"]).ExitCode);
        string features = _directory["set/train.features.f32"];
        byte[] content = File.ReadAllBytes(features);
        content[6] ^= 0x40;
        File.WriteAllBytes(features, content);
        ProcessResult resumed = Run(["train", "--resume", "run"]);
        Assert.Equal(2, resumed.ExitCode);
        Assert.Contains("a file was changed; prepare the table again", resumed.Error, StringComparison.Ordinal);
        content[6] ^= 0x40;
        File.WriteAllBytes(features, content);
        Assert.Equal(0, Run(["train", "--resume", "run", "--json"]).ExitCode);
    }

    private static IEnumerable<string> Lines()
    {
        string[] kinds = ["tulip", "rose", "lily"];
        yield return "id,length,width,kind";
        for (int i = 0; i < 240; i++)
        {
            string width = i % 11 == 5 ? "" : string.Create(CultureInfo.InvariantCulture, $"{30 - (i % 3 * 4) + (i * 7 % 19 / 10.0):0.0}");
            yield return string.Create(CultureInfo.InvariantCulture, $"{i},{10 + (i % 3 * 5) + (i * 13 % 17 / 10.0):0.0},{width},{kinds[i % 3]}");
        }
    }

    private static string WeightsOf(ProcessResult result) => result.Json.GetProperty("weightsSha256").GetString()!;

    private ProcessResult Train(string dataset, string output, params string[] options) =>
        Done("train", ["--dataset", dataset, "--epochs", "5", "--json", "--out", output, .. options]);

    private void Refused(string message, params string[] command)
    {
        ProcessResult result = Run(command);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Error.TrimEnd());
    }

    private ProcessResult Done(string command, params string[] arguments)
    {
        ProcessResult result = Run([command, .. arguments]);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private ProcessResult Run(string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, directory: _directory.Path);
        return process.Wait();
    }
}
