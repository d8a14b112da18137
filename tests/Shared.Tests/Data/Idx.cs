using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Security.Cryptography;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Bytes of small IDX files.</summary>
internal static class Idx
{
    public static byte[] File(byte type, int[] dimensions, byte[] elements)
    {
        byte[] header = new byte[4 + (4 * dimensions.Length)];
        header[2] = type;
        header[3] = (byte)dimensions.Length;
        for (int i = 0; i < dimensions.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4 + (4 * i)), dimensions[i]);
        }

        return [.. header, .. elements];
    }

    public static byte[] Images(int count, int rows, int columns, byte first = 0) =>
        File(8, [count, rows, columns], [.. Enumerable.Range(0, count * rows * columns).Select(i => (byte)(first + (i * 7)))]);

    public static byte[] Labels(params byte[] labels) => File(8, [labels.Length], labels);

    public static byte[] GZip(byte[] content)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return compressed.ToArray();
    }

    /// <summary>The four files of a set of four training and two test images of 2 × 3 pixels in three classes.</summary>
    public static ImmutableArray<(string Name, byte[] Content)> TinySet(byte first = 0) =>
    [
        ("train-images-idx3-ubyte", Images(4, 2, 3, first)),
        ("train-labels-idx1-ubyte", Labels(0, 1, 2, 1)),
        ("t10k-images-idx3-ubyte", Images(2, 2, 3, (byte)(first + 100))),
        ("t10k-labels-idx1-ubyte", Labels(2, 0)),
    ];

    /// <summary>Describes <see cref="TinySet"/> as a set known by name.</summary>
    public static DatasetDescription Describe(string name, byte first = 0) => new()
    {
        Name = name,
        Title = "a tiny set",
        TrainRows = 4,
        TestRows = 2,
        ImageWidth = 3,
        ImageHeight = 2,
        ClassNames = ["zero", "one", "two"],
        Files = [.. TinySet(first).Select(file =>
            new DatasetFile(file.Name, file.Content.Length, Convert.ToHexStringLower(SHA256.HashData(file.Content))))],
    };

    public static void WriteTinySet(TemporaryDirectory directory, string under, byte first = 0, bool gzip = false)
    {
        foreach ((string name, byte[] content) in TinySet(first))
        {
            directory.Write(Path.Combine(under, gzip ? name + ".gz" : name), gzip ? GZip(content) : content);
        }
    }
}
