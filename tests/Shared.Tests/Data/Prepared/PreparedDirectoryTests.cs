using System.Diagnostics;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

public sealed class PreparedDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_prepared_directory_has_the_bits_of_the_table_in_memory_whatever_the_options()
    {
        int compared = 0;
        for (int seed = 0; seed < 25; seed++)
        {
            string table = _directory.Write("table.csv", RandomTable.Write(seed));
            foreach (TableOptions options in Options(table))
            {
                (Dataset? expected, string? error) = Try(() => TableDataset.Read(table, options));
                (Dataset? actual, string? actualError) = Try(() => PreparedDirectoryWriter.Write(table, _directory["prepared"], options));
                Assert.Equal(error, actualError);
                if (actual is not null)
                {
                    Assert.Equal(expected!.Sha256, actual.Sha256);
                    Assert.Equal(expected.Sha256, PreparedDirectory.Verify(_directory["prepared"]));
                    Assert.Equal(expected.Notes, actual.Notes.Skip(1));
                    Assert.Equal(expected.Name, actual.Name);
                    Directory.Delete(_directory["prepared"], recursive: true);
                    compared++;
                }

                Assert.Equal([table], Directory.GetFileSystemEntries(Path.GetDirectoryName(table)!));
            }
        }

        Assert.True(compared > 100, $"{compared} tables");
    }

    [Fact]
    public async Task A_pipe_is_read_once()
    {
        string pipe = _directory["pipe"];
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
        {
            await mkfifo.WaitForExitAsync();
        }

        string text = RandomTable.Write(5);
        var writer = Task.Run(() => File.AppendAllText(pipe, text));
        var options = new TableOptions { Ignore = ["id"], Task = ModelTask.Classification };
        Dataset actual = PreparedDirectoryWriter.Write(pipe, _directory["prepared"], options);
        await writer;
        Assert.Equal(TableDataset.Read(_directory.Write("table.csv", text), options).Sha256, actual.Sha256);
    }

    [Fact]
    public void Options_that_contradict_the_directory_are_refused_and_those_that_agree_are_not()
    {
        string directory = Prepare(
            new() { Target = "y", Splits = new() { Test = 0.3 }, Preparation = new() { Scaling = ScalingKind.MinMax } });
        Assert.Equal(4, PreparedDirectory.Open(directory, new() { Target = "y", Task = ModelTask.Classification }).Train.Rows);
        Assert.Equal(4, PreparedDirectory.Open(directory, new() { Splits = new() { Test = 0.3 } }).Train.Rows);
        Refused(new() { Target = "x" }, $"Target x: {directory} was prepared with y; leave the option out, or prepare the table again.");
        Refused(new() { Task = ModelTask.Regression }, "Task regression");
        Refused(new() { Ignore = ["x"] }, $"Ignore x: {directory} was prepared with none");
        Refused(new() { Splits = new() { Test = 0.2, Seed = 7 } }, "Seed 7");
        Refused(new() { Splits = new() { Limit = 2 } }, $"Limit 2: {directory} was prepared with none");
        Refused(new() { Splits = new() { Stratify = false } }, "was prepared with a share of every class in each part");
        Refused(new() { Preparation = new() { Scaling = ScalingKind.None } }, $"Scaling none: {directory} was prepared with min-max");
        Refused(new() { IsGiven = property => property.Name == "Test" }, $"Test 0.2: {directory} was prepared with 0.3");

        void Refused(TableOptions options, string message) => Assert.Contains(
            message, Assert.Throws<BadInputException>(() => PreparedDirectory.Open(directory, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_existing_directory_is_refused_and_kept()
    {
        string directory = Prepare(new());
        Assert.Contains("exists", Assert.Throws<BadInputException>(() => Prepare(new())).Message, StringComparison.Ordinal);
        PreparedDirectory.Verify(directory);
    }

    [Fact]
    public void A_table_that_cannot_be_used_leaves_nothing()
    {
        string table = _directory.Write("table.csv", "x,y\n1,a\n2,b\nthree,a\n4,b\n5,a\n");
        Assert.Throws<BadInputException>(() => PreparedDirectoryWriter.Write(table, _directory["prepared"]));
        Assert.Equal([table], Directory.GetFileSystemEntries(Path.GetDirectoryName(table)!));
    }

    [Fact]
    public void An_interruption_leaves_nothing()
    {
        string table = _directory.Write("table.csv", RandomTable.Write(5));
        using var stop = new CancellationTokenSource();
        var options = new TableOptions { Ignore = ["id"], Task = ModelTask.Classification, Progress = new StopAtFirst(stop) };
        Assert.ThrowsAny<OperationCanceledException>(
            () => PreparedDirectoryWriter.Write(table, _directory["prepared"], options, stop.Token));
        Assert.Equal([table], Directory.GetFileSystemEntries(Path.GetDirectoryName(table)!));
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_named()
    {
        string table = _directory.Write("table.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n");
        Assert.Contains(
            "/dev/null/prepared cannot be written",
            Assert.Throws<BadInputException>(() => PreparedDirectoryWriter.Write(table, "/dev/null/prepared")).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"shift\": ", "\"shift\": 1")]
    [InlineData("\"sha256\": \"", "\"sha256\": \"0")]
    [InlineData("\"trainRows\": ", "\"trainRows\": 0")]
    [InlineData("\"notes\": [", "\"notes\": [null, ")]
    public void A_changed_description_is_not_used(string text, string changed)
    {
        string directory = Prepare(new());
        string description = Path.Combine(directory, "dataset.json");
        string json = File.ReadAllText(description);
        Assert.Contains(text, json, StringComparison.Ordinal);
        File.WriteAllText(description, json.Replace(text, changed, StringComparison.Ordinal));
        Assert.StartsWith(description, Assert.Throws<BadInputException>(() => PreparedDirectory.Open(directory)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_file_is_noticed_by_its_size_at_once_and_by_its_hash_when_verified()
    {
        string directory = Prepare(new());
        string features = Path.Combine(directory, "train.features.f32");
        byte[] content = File.ReadAllBytes(features);
        content[0] ^= 1;
        File.WriteAllBytes(features, content);
        PreparedDirectory.Open(directory);
        BadInputException changed = Assert.Throws<BadInputException>(() => PreparedDirectory.Verify(directory));
        Assert.Contains("a file was changed", changed.Message, StringComparison.Ordinal);
        File.WriteAllBytes(features, content[..^1]);
        Assert.StartsWith(
            $"{features}: has {content.Length - 1} bytes; expected {content.Length} bytes",
            Assert.Throws<BadInputException>(() => PreparedDirectory.Open(directory)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "cannot be read")]
    [InlineData("[]", "has no formatVersion")]
    [InlineData("{\"formatVersion\": 1}", "cannot be read")]
    [InlineData("{\"formatVersion\": 2}", "has format version 2, and this program reads up to 1; use a newer program")]
    public void A_description_that_is_damaged_or_newer_is_refused(string json, string message)
    {
        string directory = Prepare(new());
        File.WriteAllText(Path.Combine(directory, "dataset.json"), json);
        BadInputException wrong = Assert.Throws<BadInputException>(() => PreparedDirectory.Open(directory));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_store_opens_it_by_its_path()
    {
        string directory = Prepare(new());
        Dataset set = await new DatasetStore(new() { AllowFetch = false }).OpenAsync(directory);
        Assert.Equal("table.csv", set.Name);
        Assert.Equal(TableDataset.Read(_directory["table.csv"]).Sha256, set.Sha256);
    }

    private string Prepare(TableOptions options)
    {
        string table = _directory.Write("table.csv", "x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n");
        PreparedDirectoryWriter.Write(table, _directory["prepared"], options);
        return _directory["prepared"];
    }

    private static IEnumerable<TableOptions> Options(string table) =>
    [
        new() { Ignore = ["id"] },
        new() { Ignore = ["id"], Group = "group", Splits = new() { Validation = 0.2, Seed = 3 } },
        new()
        {
            Ignore = ["id"],
            Splits = new() { Limit = 12, Stratify = false, Test = 0.3 },
            Preparation = new() { Missing = MissingKind.Median, Scaling = ScalingKind.MinMax },
        },
        new()
        {
            Ignore = ["id"],
            Text = ["c0"],
            Splits = new() { Validation = 5, Test = 0 },
            Preparation = new() { Missing = MissingKind.MostFrequent, Scaling = ScalingKind.None },
        },
        new() { Preparation = new() { Missing = MissingKind.Refuse } },
        new() { Ignore = ["id"], TestFile = table, ValidationFile = table },
        new() { Ignore = ["id"], Task = ModelTask.Classification },
        new() { Ignore = ["id"], Task = ModelTask.Regression, Preparation = new() { Categories = CategoryKind.Refuse } },
    ];

    private static (Dataset? Data, string? Error) Try(Func<Dataset> make)
    {
        try
        {
            return (make(), null);
        }
        catch (BadInputException wrong)
        {
            return (null, wrong.Message);
        }
    }

    private sealed class StopAtFirst(CancellationTokenSource stop) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => stop.Cancel();
    }
}
