using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class DatasetTests
{
    private static Dataset Digits(int train = 10, byte first = 0, int label = 1) => new(
        "digits",
        DataSplit.Classification(FeatureMatrix.FromBytes(Enumerable.Range(0, train * 6).Select(i => (byte)(first + i)).ToArray(), 6), Enumerable.Repeat(label, train).ToArray()),
        DataSplit.Classification(FeatureMatrix.FromBytes(new byte[12], 6), new int[2]),
        classes: 3,
        imageWidth: 3,
        imageHeight: 2);

    private static Dataset Curve(float last = 9) => new(
        "curve",
        DataSplit.Regression(FeatureMatrix.FromFloats(new float[] { 1, 2, 3, 4 }, 1), new float[] { 2, 3, 4, 5, 6, 7, 8, last }, 2),
        DataSplit.Regression(FeatureMatrix.FromFloats(ReadOnlyMemory<float>.Empty, 1), ReadOnlyMemory<float>.Empty, 2),
        targets: 2);

    [Fact]
    public void Validation_is_held_out_of_the_first_training_rows()
    {
        Dataset set = Digits().WithValidation(3);
        Assert.Equal((7, 3, 2), (set.Train.Rows, set.Validation.Rows, set.Test.Rows));
        Assert.Equal([0f, 18 / 255f], [First(set.Validation), First(set.Train)]);
    }

    [Fact]
    public void Limit_and_validation_combine_in_either_order()
    {
        foreach (Dataset set in (Dataset[])[Digits().WithValidation(3).WithLimit(4), Digits().WithLimit(4).WithValidation(3)])
        {
            Assert.Equal((4, 3), (set.Train.Rows, set.Validation.Rows));
            Assert.Equal(18 / 255f, First(set.Train));
        }
    }

    [Fact]
    public void A_limit_above_the_rows_takes_all() => Assert.Equal(10, Digits().WithLimit(1000).Train.Rows);

    [Fact]
    public void Views_share_the_memory_and_the_hash()
    {
        Dataset set = Digits();
        Dataset view = set.WithValidation(3).WithLimit(2);
        Assert.True(view.Train.Matrix.Bytes.Overlaps(set.Train.Matrix.Bytes));
        Assert.Equal(set.Sha256, view.Sha256);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public void Holding_out_too_many_rows_is_refused(int rows)
    {
        BadInputException wrong = Assert.Throws<BadInputException>(() => Digits().WithValidation(rows));
        Assert.Contains("0 to 9", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_of_nothing_is_refused() => Assert.Throws<BadInputException>(() => Digits().WithLimit(0));

    [Fact]
    public void Labels_and_targets_are_gathered()
    {
        DataSplit split = DataSplit.Classification(FeatureMatrix.FromBytes(new byte[3], 1), new int[] { 5, 6, 7 });
        int[] labels = new int[2];
        split.GatherLabels([2, 0], labels);
        Assert.Equal([7, 5], labels);

        float[] targets = new float[4];
        Curve().Train.GatherTargets([3, 1], targets);
        Assert.Equal([8, 9, 4, 5], targets);
        Curve().Train.Slice(1, 3).GatherTargets([0, 2], targets);
        Assert.Equal([4, 5, 8, 9], targets);
    }

    [Fact]
    public void The_hash_changes_with_every_part_of_the_content_and_with_no_name()
    {
        string[] hashes = [Digits().Sha256, Digits(first: 1).Sha256, Digits(label: 2).Sha256, Digits(train: 9).Sha256, Curve().Sha256, Curve(10).Sha256];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.All(hashes, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
        Dataset renamed = new("other", Digits().Train, Digits().Test, 3, 0, ["a", "b", "c"], 3, 2);
        Assert.Equal(Digits().Sha256, renamed.Sha256);
    }

    [Fact]
    public void Content_written_and_read_is_the_same_set()
    {
        foreach (Dataset set in (Dataset[])[Digits(), Curve()])
        {
            using MemoryStream stream = new();
            DatasetContent.Write(set.WithValidation(1), stream);
            Assert.Equal(DatasetContent.Length(set), stream.Length);
            stream.Position = 0;
            Dataset read = DatasetContent.Read(stream, "copy");
            Assert.Equal(set.Sha256, read.Sha256);
            Assert.Equal((set.Features, set.Classes, set.Targets, set.ImageWidth, set.ImageHeight), (read.Features, read.Classes, read.Targets, read.ImageWidth, read.ImageHeight));
            Assert.Equal(set.Train.Labels, read.Train.Labels);
            Assert.Equal(set.Train.Targets, read.Train.Targets);
        }
    }

    [Fact]
    public void Content_cut_short_or_altered_in_its_header_is_refused()
    {
        using MemoryStream stream = new();
        DatasetContent.Write(Digits(), stream);
        byte[] whole = stream.ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Throws<BadInputException>(() => DatasetContent.Read(new MemoryStream(whole[..length]), "cut"));
        }

        byte[] huge = [.. whole];
        huge[11] = 0x7f; // training rows
        Assert.Throws<BadInputException>(() => DatasetContent.Read(new MemoryStream(huge), "huge"));
        byte[] wrongLabel = [.. whole];
        wrongLabel[^1] = 1;
        Assert.Throws<BadInputException>(() => DatasetContent.Read(new MemoryStream(wrongLabel), "label"));
    }

    [Fact]
    public void Splits_that_do_not_fit_are_refused()
    {
        FeatureMatrix two = FeatureMatrix.FromBytes(new byte[4], 2);
        Assert.Throws<ArgumentException>(() => DataSplit.Classification(two, new int[3]));
        Assert.Throws<ArgumentException>(() => DataSplit.Regression(two, new float[3], 1));
        DataSplit split = DataSplit.Classification(two, new int[] { 0, 4 });
        Assert.Throws<ArgumentException>(() => new Dataset("x", split, split, classes: 4));
        Assert.Throws<ArgumentException>(() => new Dataset("x", split, split, targets: 1));
        Assert.Throws<ArgumentException>(() => new Dataset("x", split, split, classes: 5, imageWidth: 3, imageHeight: 1));
    }

    private static float First(DataSplit split)
    {
        float[] row = new float[split.Matrix.Columns];
        split.Copy(0, 1, row);
        return row[0];
    }
}
