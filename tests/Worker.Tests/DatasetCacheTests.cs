using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Worker.Tests;

public sealed class DatasetCacheTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;
    private readonly SmallRun _run = new();
    private readonly byte[] _content;

    public DatasetCacheTests()
    {
        using var content = new MemoryStream();
        new DatasetBytes(_run.Data).WriteTo(content);
        _content = content.ToArray();
    }

    private string Sha256 => _run.Data.Sha256;

    [Fact]
    public void A_data_set_that_arrived_in_chunks_is_found_again()
    {
        var cache = new DatasetCache(_directory);
        Assert.Null(cache.Find(Sha256, "small"));
        using (IncomingDataset incoming = cache.Begin(Sha256, _content.Length))
        {
            incoming.Append(0, _content.AsSpan(0, 100));
            Assert.Null(cache.Find(Sha256, "small"));
            incoming.Append(100, _content.AsSpan(100));
            incoming.Complete();
        }

        Assert.Equal([Path.Combine(_directory, Sha256)], Directory.GetFiles(_directory));
        Assert.Equal(Sha256, cache.Find(Sha256, "small")!.Sha256);
    }

    [Fact]
    public void What_is_not_what_was_asked_for_is_not_kept()
    {
        var cache = new DatasetCache(_directory);
        _content[^1] ^= 1;
        using (IncomingDataset incoming = cache.Begin(Sha256, _content.Length))
        {
            incoming.Append(0, _content);
            Assert.Throws<BadInputException>(incoming.Complete);
        }

        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_piece_out_of_order_or_beyond_the_end_is_refused()
    {
        using IncomingDataset incoming = new DatasetCache(_directory).Begin(Sha256, _content.Length);
        Assert.Throws<BadInputException>(() => incoming.Append(1, _content.AsSpan(1)));
        Assert.Throws<BadInputException>(() => incoming.Append(0, [.. _content, 0]));
    }

    [Fact]
    public void A_second_attempt_continues_after_what_arrived()
    {
        var cache = new DatasetCache(_directory);
        using (IncomingDataset first = cache.Begin(Sha256, _content.Length))
        {
            first.Append(0, _content.AsSpan(0, 100));
        }

        Assert.Null(cache.Find(Sha256, "small"));
        using (IncomingDataset second = cache.Begin(Sha256, _content.Length))
        {
            Assert.Equal(100, second.Received);
            Assert.Throws<BadInputException>(() => second.Append(0, _content.AsSpan(0, 100)));
            second.Append(100, _content.AsSpan(100));
            second.Complete();
        }

        Assert.Equal([Path.Combine(_directory, Sha256)], Directory.GetFiles(_directory));
        Assert.Equal(Sha256, cache.Find(Sha256, "small")!.Sha256);
    }

    [Fact]
    public void A_whole_set_that_was_not_renamed_needs_its_last_byte_only()
    {
        File.WriteAllBytes(Path.Combine(_directory, $"{Sha256}.0.partial"), _content);
        using IncomingDataset incoming = new DatasetCache(_directory).Begin(Sha256, _content.Length);
        Assert.Equal(_content.Length - 1, incoming.Received);
        incoming.Append(_content.Length - 1, _content.AsSpan(_content.Length - 1));
        incoming.Complete();
        Assert.Equal([Path.Combine(_directory, Sha256)], Directory.GetFiles(_directory));
    }

    [Fact]
    public void What_arrived_damaged_is_not_continued_after_the_hash_showed_it()
    {
        File.WriteAllBytes(Path.Combine(_directory, $"{Sha256}.0.partial"), [.. _content.Take(50).Select(b => (byte)~b)]);
        var cache = new DatasetCache(_directory);
        using (IncomingDataset incoming = cache.Begin(Sha256, _content.Length))
        {
            incoming.Append(50, _content.AsSpan(50));
            Assert.Throws<BadInputException>(incoming.Complete);
        }

        using IncomingDataset next = cache.Begin(Sha256, _content.Length);
        Assert.Equal(0, next.Received);
    }

    [Fact]
    public void Two_nodes_of_one_machine_receive_into_files_of_their_own()
    {
        var cache = new DatasetCache(_directory);
        using IncomingDataset first = cache.Begin(Sha256, _content.Length);
        using IncomingDataset second = cache.Begin(Sha256, _content.Length);
        foreach (IncomingDataset incoming in new[] { first, second })
        {
            incoming.Append(0, _content);
            incoming.Complete();
        }

        Assert.Equal([Path.Combine(_directory, Sha256)], Directory.GetFiles(_directory));
    }

    [Fact]
    public void A_set_that_another_node_completes_is_not_continued()
    {
        var cache = new DatasetCache(_directory);
        using IncomingDataset first = cache.Begin(Sha256, _content.Length);
        first.Append(0, _content);
        using IncomingDataset second = cache.Begin(Sha256, _content.Length);
        Assert.Equal(0, second.Received);
        first.Complete();
        using IncomingDataset third = cache.Begin(Sha256, _content.Length);
        Assert.Equal(0, third.Received);
        Assert.Equal(Sha256, cache.Find(Sha256, "small")!.Sha256);
    }

    [Fact]
    public void The_longest_of_several_attempts_is_continued_and_the_others_are_removed()
    {
        foreach (int length in new[] { 20, 60, 40 })
        {
            File.WriteAllBytes(Path.Combine(_directory, $"{Sha256}.{length}.partial"), _content[..length]);
        }

        using (IncomingDataset incoming = new DatasetCache(_directory).Begin(Sha256, _content.Length))
        {
            Assert.Equal(60, incoming.Received);
        }

        Assert.Single(Directory.GetFiles(_directory, "*.partial"));
    }

    [Fact]
    public void Nodes_of_one_machine_that_receive_the_same_set_at_once_all_have_it()
    {
        for (int round = 0; round < 200; round++)
        {
            string directory = Path.Combine(_directory, $"{round}");
            var cache = new DatasetCache(directory);
            Parallel.For(0, 4, new() { MaxDegreeOfParallelism = 4 }, _ =>
            {
                using (IncomingDataset incoming = cache.Begin(Sha256, _content.Length))
                {
                    incoming.Append(incoming.Received, _content.AsSpan((int)incoming.Received));
                    incoming.Complete();
                }

                Assert.Equal(Sha256, cache.Open(Sha256, "small").Sha256);
            });
            Assert.Equal([Path.Combine(directory, Sha256)], Directory.GetFiles(directory));
        }
    }

    [Fact]
    public void A_damaged_file_is_removed()
    {
        _content[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(_directory, Sha256), _content);
        Assert.Null(new DatasetCache(_directory).Find(Sha256, "small"));
        Assert.Empty(Directory.GetFiles(_directory));
    }

    [Fact]
    public void Nothing_but_a_hash_becomes_a_path() =>
        Assert.Throws<BadInputException>(() => new DatasetCache(_directory).Find("../../etc/passwd", "small"));

    public void Dispose()
    {
        _run.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
