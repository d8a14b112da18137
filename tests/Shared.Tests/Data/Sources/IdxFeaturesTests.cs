using System.Buffers.Binary;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Directories with four IDX files of other types and dimensions than those of MNIST.</summary>
public sealed class IdxFeaturesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0x08, new[] { 6, 4 })]
    [InlineData(0x09, new[] { 6, 4 })]
    [InlineData(0x0b, new[] { 6, 2, 2 })]
    [InlineData(0x0c, new[] { 6, 2, 2 })]
    [InlineData(0x0d, new[] { 6, 4 })]
    [InlineData(0x0e, new[] { 6, 2, 1, 2 })]
    public async Task Elements_of_every_type_and_shape_are_features_prepared_by_the_training_rows(byte type, int[] shape)
    {
        Write("train", type, shape);
        Write("t10k", type, [2, .. shape[1..]], gzip: true);
        Dataset set = await OpenAsync(new() { Preparation = new() { Scaling = ScalingKind.None } });
        Assert.Equal((6, 2, 4, 3), (set.Train.Rows, set.Test.Rows, set.Features, set.Classes));
        Assert.Equal(Path.GetFileName(_directory.Path), set.Name);
        Assert.Null(set.ImageWidth);
        float[] features = new float[24];
        set.Train.Copy(0, 6, features);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), features);
        Assert.Equal([0, 1, 2, 0, 1, 2], set.Train.Labels);
    }

    [Fact]
    public async Task Labels_may_be_integers_of_any_type_beside_grey_images()
    {
        _directory.Write("train-images-idx3-ubyte", Idx.Images(4, 2, 3));
        _directory.Write("train-labels-idx1-ubyte", Idx.File(0x0c, [4], Elements(0x0c, [5, 1, 300, 5])));
        _directory.Write("t10k-images-idx3-ubyte", Idx.Images(2, 2, 3));
        _directory.Write("t10k-labels-idx1-ubyte", Idx.File(0x0c, [2], Elements(0x0c, [300, 5])));
        Dataset set = await OpenAsync(new());
        Assert.Equal((3, 2, 301), (set.ImageWidth, set.ImageHeight, set.Classes));
        Assert.Equal([5, 1, 300, 5], set.Train.Labels);
        Assert.Equal([300, 5], set.Test.Labels);
        _directory.Write("train-labels-idx1-ubyte", Idx.File(0x09, [4], [5, 0xff, 3, 5]));
        string refused = (await Assert.ThrowsAsync<BadInputException>(() => OpenAsync(new()))).Message;
        Assert.Contains("train-labels-idx1-ubyte: label -1 of row 1 is outside the 6 classes", refused, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string> Damages => new()
    {
        { "train-images-idx3-ubyte", Idx.File(0x0d, [6, 4], new byte[95]), "announces 108 bytes in all, but it has 107" },
        { "train-images-idx3-ubyte", Idx.File(0x0d, [6, 4], new byte[97]), "announces 108 bytes in all, but it has 109" },
        { "train-images-idx3-ubyte", Idx.File(0x0a, [6, 4], new byte[24]), "its magic is 0x00000a02" },
        { "train-images-idx3-ubyte", [0, 0, 0x0d, 2, 0, 0], "it ends within its header" },
        { "train-images-idx3-ubyte", [0, 0], "it ends within its header" },
        { "train-images-idx3-ubyte", Idx.File(0x0d, [6, -4], new byte[96]), "its dimensions 6 × -4 are impossible" },
        { "train-images-idx3-ubyte", Idx.File(0x0e, [int.MaxValue, int.MaxValue, int.MaxValue], new byte[96]), "are impossible" },
        { "train-images-idx3-ubyte", Idx.File(0x0d, [6, 0], []), "has no column" },
        { "train-images-idx3-ubyte", Idx.GZip(Idx.File(0x0d, [6, 4], new byte[95])), "announces 6 rows, but it ends early" },
        { "train-images-idx3-ubyte", Idx.GZip(Idx.File(0x0d, [6, 4], new byte[96]))[..^12], "train-images-idx3-ubyte" },
        { "train-labels-idx1-ubyte", Idx.Labels(0, 1), "has 2 labels; expected 6" },
        { "train-labels-idx1-ubyte", Idx.File(0x0d, [6], new byte[24]), "is float32 (6,); expected labels, integers of one dimension" },
        { "train-labels-idx1-ubyte", Idx.File(0x08, [6, 1], new byte[6]), "is uint8 (6, 1); expected labels" },
        { "t10k-labels-idx1-ubyte", Idx.Labels(0, 7), "row 2: the target label is \"7\"; the model's classes are 0, 1, 2" },
        { "t10k-images-idx3-ubyte", Idx.File(0x0d, [2, 3], new byte[24]), "has no column column 4" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_file_is_refused_with_its_path_and_reason(string name, byte[] content, string message)
    {
        Write("train", 0x0d, [6, 4]);
        Write("t10k", 0x0d, [2, 4]);
        _directory.Write(name, content);
        string refused = (await Assert.ThrowsAsync<BadInputException>(() => OpenAsync(new()))).Message;
        Assert.Contains(_directory.Path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_bytes_are_refused_by_a_bad_input_exception_alone()
    {
        Write("train", 0x0d, [6, 4]);
        DamagedFiles.Read(
            _directory, "train-images-idx3-ubyte", File.ReadAllBytes(_directory["train-images-idx3-ubyte"]), path => TableDataset.Read(path));
    }

    private Task<Dataset> OpenAsync(TableOptions options) => new DatasetStore(new() { AllowFetch = false }).OpenAsync(_directory.Path, options);

    private void Write(string part, byte type, int[] shape, bool gzip = false)
    {
        byte[] features = Idx.File(type, shape, Elements(type, [.. Enumerable.Range(0, shape.Aggregate((a, b) => a * b))]));
        _directory.Write($"{part}-images-idx3-ubyte{(gzip ? ".gz" : "")}", gzip ? Idx.GZip(features) : features);
        _directory.Write($"{part}-labels-idx1-ubyte", Idx.Labels([.. Enumerable.Range(0, shape[0]).Select(i => (byte)(i % 3))]));
    }

    private static byte[] Elements(byte type, int[] values)
    {
        int size = type switch { 0x08 or 0x09 => 1, 0x0b => 2, 0x0e => 8, _ => 4 };
        byte[] bytes = new byte[size * values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> element = bytes.AsSpan(i * size, size);
            switch (type)
            {
                case 0x0b:
                    BinaryPrimitives.WriteInt16BigEndian(element, (short)values[i]);
                    break;
                case 0x0c:
                    BinaryPrimitives.WriteInt32BigEndian(element, values[i]);
                    break;
                case 0x0d:
                    BinaryPrimitives.WriteSingleBigEndian(element, values[i]);
                    break;
                case 0x0e:
                    BinaryPrimitives.WriteDoubleBigEndian(element, values[i]);
                    break;
                default:
                    element[0] = (byte)values[i];
                    break;
            }
        }

        return bytes;
    }
}
