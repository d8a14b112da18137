using System.IO.Compression;
using System.Text.Json;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests.Containers;

/// <summary>deploy/Dockerfile and deploy/compose.yaml with a real engine.</summary>
public sealed class ComposeClusterTests
{
    private const int MinWorkers = 2;
    private const int Epochs = 60;

    private static readonly int[] Ended = [0, 0, 0];

    [ComposeFact]
    public void A_run_in_containers_survives_scaling_and_a_killed_coordinator_and_has_the_weights_of_train()
    {
        using var directory = new TemporaryDirectory();
        WriteRows(directory["rows"]);
        using var cluster = new ComposeCluster("/var/lib/nncluster/data/rows", Epochs, MinWorkers);

        // Without a way out the data set is handed over before anything starts.
        cluster.Compose("up", "--no-start", "--scale", "worker=2");
        cluster.Engine.CopyIn(cluster.Coordinator, directory["rows"], "/var/lib/nncluster/data");
        cluster.Up(workers: 2);
        var run = new RunFollower(cluster.RunDirectory, () => cluster.Engine.ExitCodeOf(cluster.Coordinator) is not null, () => cluster.Compose("logs"));
        run.WaitForJoin();
        run.WaitForJoin();
        Assert.Equal(
            "1654\nread-only\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n",
            cluster.Compose("exec", "-T", "coordinator", "bash", "-c", "id -u; touch /x 2>&- || echo read-only; grep -E 'CapEff|NoNewPrivs' /proc/1/status").ReplaceLineEndings("\n"));

        cluster.Up(workers: 3);
        run.WaitForJoin();
        run.WaitForNextEpoch();
        cluster.Compose("kill", "coordinator");
        Assert.Equal(137, cluster.WaitForExit(cluster.Coordinator));
        cluster.Up(workers: 3);

        Assert.Equal(0, cluster.WaitForExit(cluster.Coordinator));
        cluster.Engine.CopyOut(cluster.Coordinator, "/var/lib/nncluster/runs/mnist", directory["out"]);
        JsonElement summary = JsonDocument.Parse(File.ReadAllText(directory["out/mnist/summary.json"])).RootElement;
        Assert.True(summary.GetProperty("resumedFromStep").GetInt64() > 0);
        Assert.InRange(summary.GetProperty("workers").GetInt32(), MinWorkers, 3);
        Assert.Equal(Ended, cluster.Containers("worker").Select(cluster.WaitForExit));

        using var train = new NnClusterProcess(
            ["train", "--json", "--dataset", directory["rows"], "--epochs", $"{Epochs}", "--out", directory["alone"]]);
        ProcessResult alone = train.Wait();
        Assert.True(alone.ExitCode == 0, alone.Error);
        Assert.Equal(alone.Field("weightsSha256"), summary.GetProperty("weightsSha256").GetString());
        Assert.Equal(File.ReadAllBytes(directory["alone/model.safetensors"]), File.ReadAllBytes(directory["out/mnist/model.safetensors"]));
    }

    /// <summary>Four files as MNIST has, of its size: the rows of the tests, again and again, each time with other pixels inverted.</summary>
    private static void WriteRows(string directory)
    {
        Directory.CreateDirectory(directory);
        foreach ((string part, int rows) in new[] { ("train", 60_000), ("t10k", 10_000) })
        {
            Write(part + "-images-idx3-ubyte", header: 16, rows, rowBytes: 28 * 28, directory);
            Write(part + "-labels-idx1-ubyte", header: 8, rows, rowBytes: 1, directory);
        }
    }

    private static void Write(string name, int header, int rows, int rowBytes, string directory)
    {
        using var compressed = new GZipStream(File.OpenRead(Path.Combine(NnClusterProcess.MnistRows, name + ".gz")), CompressionMode.Decompress);
        using var decompressed = new MemoryStream();
        compressed.CopyTo(decompressed);
        byte[] file = decompressed.ToArray();
        byte[] written = new byte[header + ((long)rows * rowBytes)];
        file.AsSpan(0, header).CopyTo(written);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(written.AsSpan(4), rows);
        ReadOnlySpan<byte> source = file.AsSpan(header);
        int available = source.Length / rowBytes;
        for (int row = 0; row < rows; row++)
        {
            Span<byte> target = written.AsSpan(header + (row * rowBytes), rowBytes);
            source.Slice(row % available * rowBytes, rowBytes).CopyTo(target);
            if (rowBytes > 1)
            {
                int pixel = row / available % rowBytes;
                target[pixel] = (byte)(255 - target[pixel]);
            }
        }

        File.WriteAllBytes(Path.Combine(directory, name), written);
    }
}
