using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_run_has_an_identity_of_its_own() =>
        Assert.Equal(100, Enumerable.Range(0, 100).Select(_ => Checkpoint.NewRunId()).Where(id => id.Length == 32).Distinct().Count());

    [Fact]
    public void Checkpoints_from_before_runs_had_an_identity_have_that_of_their_run()
    {
        CheckpointPosition first = Read("a", runSpec: "{\"seed\":1}", step: "8");
        CheckpointPosition second = Read("b", runSpec: "{\"seed\":1}", step: "16");
        CheckpointPosition other = Read("c", runSpec: "{\"seed\":2}", step: "8");
        Assert.Equal(first.RunId, second.RunId);
        Assert.NotEqual(first.RunId, other.RunId);
        Assert.Equal(Checkpoint.NewRunId().Length, first.RunId.Length);
    }

    [Fact]
    public void The_header_of_a_torn_checkpoint_says_its_term()
    {
        string path = Write("torn", runSpec: "{}", step: "8", term: "7", runId: "0123");
        using (FileStream stream = File.OpenWrite(path))
        {
            stream.SetLength(stream.Length - 5);
        }

        Assert.Contains("truncated", Assert.Throws<BadInputException>(() => Checkpoint.Read(path)).Message, StringComparison.Ordinal);
        Assert.Equal(new("0123", 8, 7, "{}", "{}"), Checkpoint.ReadHeader(path));
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("-1")]
    [InlineData("x")]
    public void A_term_that_no_run_comes_to_is_refused(string term) =>
        Assert.Contains("term", Assert.Throws<BadInputException>(() => Checkpoint.ReadHeader(Write("odd", "{}", "8", term))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("2")]
    [InlineData("99999999999")]
    [InlineData("x")]
    public void A_checkpoint_of_a_newer_program_is_refused_with_its_version(string version)
    {
        string path = Write("newer", "{}", "8", version: version);
        string expected = $"{path}: has format version {version}; this program reads versions up to 1";
        Assert.Equal(expected, Assert.Throws<BadInputException>(() => Checkpoint.Read(path)).Message);
        Assert.Equal(expected, Assert.Throws<BadInputException>(() => Checkpoint.ReadHeader(path)).Message);
        Assert.Equal(expected, Assert.Throws<BadInputException>(() => ModelFile.Open(path)).Message);
    }

    private CheckpointPosition Read(string name, string runSpec, string step) => Checkpoint.Read(Write(name, runSpec, step)).Position;

    private string Write(string name, string runSpec, string step, string term = "1", string? runId = null, string version = "1")
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = "nncluster-checkpoint",
            ["formatVersion"] = version,
            ["step"] = step,
            ["term"] = term,
            ["runSpec"] = runSpec,
            ["modelSpec"] = "{}",
        };
        if (runId is not null)
        {
            metadata["runId"] = runId;
        }

        float[] values = [1, 2, 3];
        AtomicFile.Write(_directory[name], stream => SafeTensors.Write(stream, [new("w", [3], () => values)], metadata));
        return _directory[name];
    }
}
