using System.Buffers.Binary;
using System.Text;
using CsCheck;
using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class SafeTensorsTests : IDisposable
{
    private static readonly Dictionary<string, string> NoMetadata = [];
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Reading_gives_back_every_name_shape_bit_and_metadata_entry()
    {
        Gen<float> anyBits = Gen.Int.Select(BitConverter.Int32BitsToSingle);
        Gen<(string Name, int[] Shape, float[] Data)> tensor =
            from name in Gen.String[1, 12].Where(IsUnicode)
            from shape in Gen.Int[0, 4].Array[0, 3]
            from data in anyBits.Array[shape.Aggregate(1, (product, dimension) => product * dimension)]
            select (name, shape, data);
        Gen<(string Key, string Value)> entry = Gen.Select(Gen.String[0, 8], Gen.String[0, 20]).Where(e => IsUnicode(e.Item1) && IsUnicode(e.Item2));

        Gen.Select(tensor.Array[0, 6], entry.Array[0, 4]).Sample(
            (tensors, entries) =>
            {
                tensors = [.. tensors.Where(t => t.Name != "__metadata__").DistinctBy(t => t.Name)];
                Dictionary<string, string> metadata = entries.Where(e => e.Key != "digest").DistinctBy(e => e.Key).ToDictionary();
                using var stream = new MemoryStream();
                SafeTensors.Write(stream, [.. tensors.Select(t => new TensorToWrite(t.Name, t.Shape, () => t.Data))], metadata);
                stream.Position = 0;

                SafeTensorsFile read = SafeTensorsFile.Read(stream, "sample", requireDigest: true);

                Assert.Equal(tensors.Select(t => t.Name), read.Tensors.Select(t => t.Name), StringComparer.Ordinal);
                foreach (((string _, int[] shape, float[] data), StoredTensor stored) in tensors.Zip(read.Tensors))
                {
                    Assert.Equal(shape, stored.Shape);
                    Assert.Equal(data.Select(BitConverter.SingleToInt32Bits), stored.Data.ToArray().Select(BitConverter.SingleToInt32Bits));
                }

                Assert.Equal(metadata.Count + 1, read.Metadata.Count);
                Assert.All(metadata, e => Assert.Equal(e.Value, read.Metadata[e.Key]));
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void Data_begins_at_a_cache_line()
    {
        byte[] file = Sample();

        Assert.Equal(0, (8 + BinaryPrimitives.ReadInt64LittleEndian(file)) % 64);
    }

    [Fact]
    public void A_file_of_another_implementation_is_read()
    {
        string path = _directory["fixture.safetensors"];
        using (Stream resource = typeof(SafeTensorsTests).Assembly.GetManifestResourceStream("fixture.safetensors")!)
        using (FileStream copy = File.Create(path))
        {
            resource.CopyTo(copy);
        }

        SafeTensorsFile file = SafeTensorsFile.Read(path);

        Assert.Equal(["dense0.weight", "dense0.bias"], file.Tensors.Select(t => t.Name).Where(name => name.StartsWith("dense", StringComparison.Ordinal)));
        Assert.True(file.TryGet("dense0.weight", out StoredTensor? weight));
        Assert.Equal([2, 3], weight.Shape.ToArray());
        Assert.Equal([0.5f, -1.25f, 3f, float.PositiveInfinity, -0f, 1e-40f], weight.Data.ToArray());
        Assert.True(file.TryGet("scalar", out StoredTensor? scalar));
        Assert.Empty(scalar.Shape);
        Assert.Equal([2.5f], scalar.Data.ToArray());
        Assert.True(file.TryGet("empty", out StoredTensor? empty));
        Assert.Equal([0, 7], empty.Shape.ToArray());
        Assert.Equal("Grüße", file.Metadata["maker"]);
        Assert.Null(file.Digest);
    }

    [Fact]
    public void A_file_without_digest_is_refused_where_one_is_required()
    {
        string path = Save(Bytes("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4));

        _ = SafeTensorsFile.Read(path);
        BadInputException error = Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(path, requireDigest: true));
        Assert.Contains("digest", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_flipped_bit_is_detected_or_harmless()
    {
        byte[] file = Sample();
        SafeTensorsFile original = SafeTensorsFile.Read(Save(file));
        int undetected = 0;
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            byte[] damaged = [.. file];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                SafeTensorsFile read = SafeTensorsFile.Read(new MemoryStream(damaged), "sample");
                undetected++;
                // Only the digest's own name may have become another: then everything else is still as it was.
                Assert.Null(read.Digest);
                Assert.Equal(original.Tensors.Select(t => (t.Name, string.Join(',', t.Shape))), read.Tensors.Select(t => (t.Name, string.Join(',', t.Shape))));
                Assert.All(original.Tensors.Zip(read.Tensors), pair => Assert.Equal(pair.First.Data.ToArray(), pair.Second.Data.ToArray()));
                Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(new MemoryStream(damaged), "sample", requireDigest: true));
            }
            catch (BadInputException error)
            {
                Assert.StartsWith("sample: ", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(undetected, 0, 8 * "digest".Length);
    }

    [Fact]
    public void Every_truncation_and_a_trailing_byte_are_detected()
    {
        byte[] file = Sample();
        for (int length = 0; length < file.Length; length++)
        {
            byte[] truncated = file[..length];
            BadInputException error = Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(new MemoryStream(truncated), "sample"));
            Assert.StartsWith("sample: ", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(Save([.. file, 0])));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "'a'")]
    [InlineData("""{"a":{"dtype":"F7","shape":[2],"data_offsets":[0,4]}}""", 4, "F7")]
    [InlineData("""{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}""", 8, "4 bytes of F16")]
    [InlineData("""{"a":{"dtype":"I64","shape":[2],"data_offsets":[0,8]}}""", 8, "16 bytes of I64")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "span 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "-1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "1.5")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "begin")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "too many")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2000000000],"data_offsets":[0,8000000000]}}""", 16, "truncated")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}}""", 0, "shape")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "'x'")]
    [InlineData("""{"__metadata__":[]}""", 0, "__metadata__")]
    [InlineData("""{"a":7}""", 0, "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[[1]]]]],"data_offsets":[0,4]}}""", 4, "JSON")]
    [InlineData("""[]""", 0, "'{'")]
    [InlineData("""{""", 0, "JSON")]
    [InlineData("""{} x""", 0, "JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "safetensors")]
    public void A_header_that_is_wrong_is_refused_and_the_message_says_why(string header, int dataBytes, string expected)
    {
        string path = Save(Bytes(header, dataBytes));

        BadInputException error = Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(path));

        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(99_999_999UL)]
    public void A_huge_header_length_allocates_nothing(ulong length)
    {
        byte[] file = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        string path = Save(file);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(path));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        string path = _directory["none.safetensors"];

        Assert.Equal($"{path}: cannot be read: there is no such file", Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(path)).Message);
    }

    [Fact]
    public void What_could_not_be_read_back_is_not_written()
    {
        float[] one = [1];
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(Stream.Null, [new("a", [2], () => one)], NoMetadata));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(Stream.Null, [new("a", [1], () => one), new("a", [1], () => one)], NoMetadata));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(Stream.Null, [new("__metadata__", [1], () => one)], NoMetadata));
        Assert.Throws<ArgumentException>(() => SafeTensors.Write(Stream.Null, [], new Dictionary<string, string> { ["digest"] = "x" }));
    }

    private static bool IsUnicode(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar) && !text.Contains('\ufffd', StringComparison.Ordinal);

    private static byte[] Sample()
    {
        float[] weight = [1, 2, 3, 4, 5, 6];
        float[] bias = [-1, 0.5f];
        using var stream = new MemoryStream();
        SafeTensors.Write(
            stream,
            [new("dense0.weight", [2, 3], () => weight), new("dense0.bias", [2], () => bias)],
            new Dictionary<string, string> { ["step"] = "12", ["modelSpec"] = """{"inputs":3}""" });
        return stream.ToArray();
    }

    private static byte[] Bytes(string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. new byte[dataBytes]];
    }

    private string Save(byte[] content)
    {
        string path = _directory["sample.safetensors"];
        File.WriteAllBytes(path, content);
        return path;
    }
}
