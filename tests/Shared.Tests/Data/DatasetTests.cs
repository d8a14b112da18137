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
    public void Validation_rows_are_drawn_from_the_training_rows_and_leave_them()
    {
        Dataset set = Digits().WithSplits(new() { Validation = 3 });
        Assert.Equal((7, 3, 2), (set.Train.Rows, set.Validation.Rows, set.Test.Rows));
        Assert.Equal(Rows(Digits().Train), Rows(set.Train).Concat(Rows(set.Validation)).Order());
        Assert.Equal(Rows(set.Validation), Rows(Digits().WithSplits(new() { Validation = 0.3 }).Validation));
        Assert.NotEqual(Rows(set.Validation), Rows(Digits().WithSplits(new() { Validation = 3, Seed = 2 }).Validation));
    }

    [Fact]
    public void A_limit_draws_from_the_rows_that_validation_leaves()
    {
        Dataset set = Digits().WithSplits(new() { Validation = 3, Limit = 4 });
        Assert.Equal((4, 3), (set.Train.Rows, set.Validation.Rows));
        Assert.Empty(Rows(set.Train).Intersect(Rows(set.Validation)));
    }

    [Fact]
    public void Splits_that_draw_nothing_leave_the_set_as_it_is()
    {
        Dataset set = Digits();
        Assert.Same(set, set.WithSplits(new()));
        Assert.Same(set, set.WithSplits(new() { Limit = 1000 }));
    }

    [Fact]
    public void Other_parts_are_another_set() =>
        Assert.NotEqual(Digits().Sha256, Digits().WithSplits(new() { Validation = 3 }).Sha256);

    [Fact]
    public void Test_rows_are_drawn_where_a_set_has_none()
    {
        Dataset set = Curve().WithSplits(new());
        Assert.Equal((3, 1), (set.Train.Rows, set.Test.Rows));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1.5)]
    [InlineData(10)]
    public void Holding_out_rows_that_are_not_there_is_refused(double rows) =>
        Assert.Throws<BadInputException>(() => Digits().WithSplits(new() { Validation = rows }));

    [Fact]
    public void A_limit_of_nothing_is_refused() => Assert.Throws<BadInputException>(() => Digits().WithSplits(new() { Limit = 0 }));

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
    public void The_hash_changes_with_every_part_of_the_content_and_with_names_of_classes_but_not_with_the_name_of_the_set()
    {
        string[] hashes = [Digits().Sha256, Digits(first: 1).Sha256, Digits(label: 2).Sha256, Digits(train: 9).Sha256, Curve().Sha256, Curve(10).Sha256];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.All(hashes, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
        Assert.Equal(Digits().Sha256, new Dataset("other", Digits().Train, Digits().Test, 3, 0, default, 3, 2).Sha256);
        Assert.NotEqual(Digits().Sha256, new Dataset("other", Digits().Train, Digits().Test, 3, 0, ["a", "b", "c"], 3, 2).Sha256);
    }

    [Fact]
    public void Content_written_and_read_is_the_same_set()
    {
        foreach (Dataset set in (Dataset[])[Digits(), Curve()])
        {
            using MemoryStream stream = new();
            new DatasetBytes(set).WriteTo(stream);
            Assert.Equal(new DatasetBytes(set).Length, stream.Length);
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
        new DatasetBytes(Digits()).WriteTo(stream);
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

    /// <summary>The first feature of each row, which is different in each.</summary>
    private static float[] Rows(DataSplit split)
    {
        float[] row = new float[split.Matrix.Columns];
        return [.. Enumerable.Range(0, split.Rows).Select(i =>
        {
            split.Copy(i, 1, row);
            return row[0];
        })];
    }
}
