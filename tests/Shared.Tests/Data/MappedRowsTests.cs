using System.Runtime.InteropServices;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

public sealed class MappedRowsTests : IDisposable
{
    private const int Columns = 19;
    private const int Rows = 40;

    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _stored = [.. Enumerable.Range(0, Rows * Columns * sizeof(float)).Select(i => (byte)(i * 37 % 120))];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 5)]
    [InlineData(false, 0)]
    [InlineData(false, 5)]
    public void Rows_in_a_mapped_file_are_those_in_memory(bool areBytes, int offset)
    {
        IRowSource inMemory = areBytes
            ? FeatureMatrix.FromBytes(_stored.AsMemory(0, Rows * Columns), Columns)
            : FeatureMatrix.FromFloats(MemoryMarshal.Cast<byte, float>(_stored).ToArray(), Columns);
        File.WriteAllBytes(_directory["rows"], [.. new byte[offset], .. _stored]);
        IRowSource mapped = new MappedFile(_directory["rows"]).Rows(offset, Rows, Columns, areBytes);
        AssertSame(inMemory, mapped);
        AssertSame(inMemory.Slice(3, 20), mapped.Slice(3, 20));
        AssertSame(inMemory.Slice(3, 20).Slice(1, 0), mapped.Slice(3, 20).Slice(1, 0));
        AssertSame(inMemory.Select([7, 7, 39, 0]), mapped.Select([7, 7, 39, 0]));
        AssertSame(inMemory.Select([7, 8, 39, 0]).Select([3, 0]), mapped.Select([7, 8, 39, 0]).Select([3, 0]));
        AssertSame(inMemory.Select([7, 8, 39, 0]).Slice(1, 2), mapped.Select([7, 8, 39, 0]).Slice(1, 2));
    }

    [Fact]
    public void Ranges_outside_are_refused()
    {
        File.WriteAllBytes(_directory["rows"], _stored);
        var file = new MappedFile(_directory["rows"]);
        IRowSource rows = file.Rows(0, Rows, Columns, areBytes: false);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Rows(1, Rows, Columns, areBytes: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Gather([Rows], new float[Columns]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Copy(Rows, 1, new float[Columns]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.Select([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.ReadBytes(_stored.Length, new byte[1]));
        Assert.Throws<ArgumentException>(() => rows.Gather([0, 1], new float[Columns]));
    }

    [Fact]
    public void Rows_beyond_two_billion_values_are_found()
    {
        // A sparse file: only its last row takes space.
        const int Many = 600_000_000;
        const int Width = 4;
        float[] last = [1, 2, 3, 4];
        using (FileStream file = File.Create(_directory["sparse"]))
        {
            file.SetLength((long)Many * Width * sizeof(float));
            file.Position = (long)(Many - 1) * Width * sizeof(float);
            file.Write(MemoryMarshal.AsBytes<float>(last));
        }

        IRowSource rows = new MappedFile(_directory["sparse"]).Rows(0, Many, Width, areBytes: false);
        float[] read = new float[2 * Width];
        rows.Gather([Many - 1, 0], read);
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0], read);
        rows.Slice(Many - 2, 2).Copy(1, 1, read);
        Assert.Equal(last, read[..Width]);
        rows.Select([5, Many - 1]).Copy(1, 1, read);
        Assert.Equal(last, read[..Width]);
        byte[] bytes = new byte[Width * sizeof(float)];
        rows.ReadBytes((long)(Many - 1) * bytes.Length, bytes);
        Assert.Equal(last, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
    }

    [Fact]
    public void Canonical_bytes_are_read_at_any_offset()
    {
        using var run = new SmallRun();
        var bytes = new DatasetBytes(run.Data);
        using var stream = new MemoryStream();
        bytes.WriteTo(stream);
        byte[] whole = stream.ToArray();
        Assert.Equal(bytes.Length, whole.Length);
        for (int offset = 0; offset < whole.Length; offset += 61)
        {
            byte[] some = new byte[Math.Min(97, whole.Length - offset)];
            bytes.Read(offset, some);
            Assert.Equal(whole[offset..(offset + some.Length)], some);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => bytes.Read(whole.Length, new byte[1]));
    }

    [Fact]
    public void A_file_of_canonical_bytes_is_mapped_as_the_same_set_and_refused_where_it_ends_early()
    {
        using var run = new SmallRun();
        using (FileStream file = File.Create(_directory["set"]))
        {
            new DatasetBytes(run.Data).WriteTo(file);
        }

        Dataset mapped = DatasetContent.Map(_directory["set"], "set");
        Assert.IsType<MappedRows>(mapped.Train.Matrix);
        Assert.Equal(run.Data.Sha256, mapped.Sha256);
        byte[] whole = File.ReadAllBytes(_directory["set"]);
        for (int length = 1; length < whole.Length; length += 13)
        {
            File.WriteAllBytes(_directory["cut"], whole[..length]);
            Assert.Throws<BadInputException>(() => DatasetContent.Map(_directory["cut"], "cut"));
        }
    }

    private static void AssertSame(IRowSource expected, IRowSource actual)
    {
        Assert.Equal((expected.Rows, expected.Columns, expected.IsBytes), (actual.Rows, actual.Columns, actual.IsBytes));
        float[] want = new float[expected.Rows * expected.Columns];
        float[] got = new float[want.Length];
        expected.Copy(0, expected.Rows, want);
        actual.Copy(0, expected.Rows, got);
        Assert.Equal(want, got);
        int[] order = [.. Enumerable.Range(0, expected.Rows).Reverse()];
        expected.Gather(order, want);
        actual.Gather(order, got);
        Assert.Equal(want, got);
        Assert.Equal(expected.AllBytes(), actual.AllBytes());
    }
}
