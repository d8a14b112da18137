using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

/// <summary>Directories whose run was killed before it had begun.</summary>
public sealed class AbandonedRunDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Run => _directory["run"];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("metrics.jsonl")]
    [InlineData("metrics.jsonl", ".lock")]
    [InlineData("metrics.jsonl", "events.jsonl", "config.json", ".lock", ".config.json.0123.tmp", ".checkpoint-0.safetensors.0123.tmp")]
    public void A_directory_that_holds_nothing_worth_keeping_is_begun_anew(params string[] files)
    {
        Leave(files);

        using (RunDirectory run = RunDirectory.CreateAt(Run))
        {
            run.WriteConfig("{}");
        }

        Assert.Equal("{}\n", File.ReadAllText(Path.Combine(Run, "config.json")));
    }

    [Theory]
    [InlineData("checkpoint-0.safetensors")]
    [InlineData("model.safetensors")]
    [InlineData("summary.json")]
    [InlineData("notes.txt")]
    public void A_directory_with_anything_else_is_refused(string file)
    {
        Leave("metrics.jsonl", "config.json", file);

        Assert.Contains("already holds a run", Assert.Throws<BadInputException>(() => RunDirectory.CreateAt(Run)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("metrics.jsonl", "events.jsonl")]
    [InlineData("events.jsonl", "metrics.jsonl")]
    public void A_directory_with_a_line_is_refused(string written, string empty)
    {
        Leave(empty);
        File.WriteAllText(Path.Combine(Run, written), "{}\n");

        Assert.Throws<BadInputException>(() => RunDirectory.CreateAt(Run));
        Assert.Equal("{}\n", File.ReadAllText(Path.Combine(Run, written)));
    }

    [Fact]
    public void A_directory_whose_run_is_only_beginning_is_refused()
    {
        using RunDirectory alive = RunDirectory.CreateAt(Run);

        Assert.Contains("already holds a run", Assert.Throws<BadInputException>(() => RunDirectory.CreateAt(Run)).Message, StringComparison.Ordinal);
    }

    private void Leave(params string[] files)
    {
        Directory.CreateDirectory(Run);
        foreach (string file in files)
        {
            File.WriteAllText(Path.Combine(Run, file), "");
        }
    }
}
