using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class DatasetStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, string> _environment = [];

    public DatasetStoreTests()
    {
        _environment["XDG_CACHE_HOME"] = _directory["cache"];
        _environment["XDG_DATA_DIRS"] = _directory["share"];
    }

    private DatasetStoreOptions Options => new()
    {
        Known = [Idx.Describe("tiny")],
        AllowFetch = false,
        Environment = _environment.GetValueOrDefault,
    };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_directory_of_four_files_is_opened(bool gzip)
    {
        Idx.WriteTinySet(_directory, "mine", gzip: gzip);
        Dataset set = await new DatasetStore(Options).OpenAsync(_directory["mine"]);

        Assert.Equal("mine", set.Name);
        Assert.Equal((4, 2, 6, 3, 3, 2), (set.Train.Rows, set.Test.Rows, set.Features, set.Classes, set.ImageWidth, set.ImageHeight));
        Assert.Equal([0, 1, 2, 1], set.Train.Labels);
        Assert.Equal([2, 0], set.Test.Labels);
        Assert.Equal(["0", "1", "2"], set.ClassNames.ToArray());
        Assert.Equal(Idx.Images(4, 2, 3)[16..], set.Train.Matrix.AllBytes());
    }

    [Fact]
    public async Task A_directory_that_lacks_a_file_names_it()
    {
        Idx.WriteTinySet(_directory, "mine");
        File.Delete(_directory["mine/t10k-labels-idx1-ubyte"]);
        await Says(Options, _directory["mine"], "no t10k-labels-idx1-ubyte", "expected the four files");
    }

    [Fact]
    public async Task More_images_than_labels_are_refused()
    {
        Idx.WriteTinySet(_directory, "mine");
        _directory.Write("mine/train-labels-idx1-ubyte", Idx.Labels(0, 1, 2));
        await Says(Options, _directory["mine"], "train-labels-idx1-ubyte has 3 labels", "expected 4");
    }

    [Fact]
    public async Task Test_images_of_another_size_are_refused()
    {
        Idx.WriteTinySet(_directory, "mine");
        _directory.Write("mine/t10k-images-idx3-ubyte", Idx.Images(2, 3, 2));
        await Says(Options, _directory["mine"], "t10k-images-idx3-ubyte has images of 2 × 3", "expected 3 × 2");
    }

    [Fact]
    public async Task A_test_label_no_training_row_has_is_refused()
    {
        Idx.WriteTinySet(_directory, "mine");
        _directory.Write("mine/t10k-labels-idx1-ubyte", Idx.Labels(0, 3));
        await Says(Options, _directory["mine"], "label 3 of row 1 is outside the 3 classes");
    }

    [Fact]
    public async Task An_unknown_name_lists_what_is_possible() =>
        await Says(Options, "mnits", "no data set mnits", "tiny", "CSV");

    [Theory]
    [InlineData("given", "tiny", "given/tiny")]
    [InlineData("given", "", "given")]
    [InlineData("variable", "tiny", "variable/tiny")]
    [InlineData("variable", "", "variable")]
    [InlineData("cache/nncluster", "tiny", "cache/nncluster/tiny")]
    [InlineData("cache/nncluster", "", "cache/nncluster")]
    public async Task A_named_set_is_found_in_every_place(string place, string below, string directory)
    {
        _environment["NNCLUSTER_DATA"] = _directory["variable"];
        Idx.WriteTinySet(_directory, Path.Combine(place, below));
        Dataset set = await new DatasetStore(Options with { DataDirectory = _directory["given"] }).OpenAsync("tiny");
        Assert.Equal("tiny", set.Name);
        Assert.Equal(["zero", "one", "two"], set.ClassNames.ToArray());
        Assert.True(Directory.Exists(_directory[directory]));
    }

    [Fact]
    public async Task Without_a_cache_directory_of_its_own_the_system_s_habit_is_followed()
    {
        _environment.Remove("XDG_CACHE_HOME");
        _environment["HOME"] = _directory["home"];
        _environment["LOCALAPPDATA"] = _directory["local"];
        string cache = OperatingSystem.IsWindows() ? "local/nncluster/Cache" : OperatingSystem.IsMacOS() ? "home/Library/Caches/nncluster" : "home/.cache/nncluster";
        Idx.WriteTinySet(_directory, cache);
        Assert.Equal(4, (await new DatasetStore(Options).OpenAsync("tiny")).Train.Rows);
    }

    [Fact]
    public async Task Places_are_searched_in_order_and_wrong_files_are_named_and_passed_over()
    {
        _environment["NNCLUSTER_DATA"] = _directory["variable"];
        Idx.WriteTinySet(_directory, "given/tiny", first: 1);
        Idx.WriteTinySet(_directory, "variable", first: 2);
        Idx.WriteTinySet(_directory, "cache/nncluster/tiny");
        Notes notes = new();
        Dataset set = await new DatasetStore(Options with { DataDirectory = _directory["given"], Progress = notes }).OpenAsync("tiny");

        Assert.Equal(0, set.Train.Matrix.AllBytes()[0]);
        Assert.Equal(2, notes.Messages.Count);
        Assert.Contains(_directory["given/tiny/train-images-idx3-ubyte"], notes.Messages[0], StringComparison.Ordinal);
        Assert.Contains(_directory["variable/train-images-idx3-ubyte"], notes.Messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_altered_byte_in_a_named_set_is_found()
    {
        Idx.WriteTinySet(_directory, "cache/nncluster/tiny");
        byte[] images = Idx.Images(4, 2, 3);
        images[^1] ^= 1;
        _directory.Write("cache/nncluster/tiny/train-images-idx3-ubyte", images);
        await Says(Options, "tiny", "train-images-idx3-ubyte is not the tiny file", "its SHA-256 is");
    }

    private static async Task Says(DatasetStoreOptions options, string nameOrPath, params string[] parts)
    {
        BadInputException wrong = await Assert.ThrowsAsync<BadInputException>(() => new DatasetStore(options).OpenAsync(nameOrPath));
        Assert.All(parts, part => Assert.Contains(part, wrong.Message, StringComparison.Ordinal));
    }

    internal sealed class Notes : IProgress<DatasetProgress>
    {
        public List<string> Messages { get; } = [];

        public List<DatasetProgress> All { get; } = [];

        public void Report(DatasetProgress value)
        {
            All.Add(value);
            if (value.ReceivedBytes is null)
            {
                Messages.Add(value.Message);
            }
        }
    }
}
