using CsCheck;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

public sealed class TableDatasetTests : IDisposable
{
    // Numbers with a hole, categories with a hole, a target in the first column.
    private const string Mixed =
        """
        price,area,city,rooms
        10.5,30,Rome,2
        20.5,50,Oslo,
        30.5,70,Rome,4
        25.0,60,,3
        15.0,40,Oslo,2
        12.0,35,Rome,1
        """;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Numbers_are_standardised_by_the_training_rows_and_the_target_too()
    {
        Dataset set = Read(Mixed, new() { Target = "price", Splits = new() { Test = 0.34 } });
        Assert.Equal((4, 2), (set.Train.Rows, set.Test.Rows));
        float[] features = Features(set.Train);
        int width = set.Features;
        float[] area = [.. features.Where((_, i) => i % width == 0)];
        Assert.Equal(0, area.Average(), 1e-6);
        Assert.Equal(1, area.Average(value => value * value), 1e-5);
        Assert.Equal(0, set.Train.Targets.ToArray().Average(), 1e-6);
        Assert.Equal(1, set.Train.Targets.ToArray().Average(value => value * value), 1e-5);
        Assert.Equal(["area", "city", "rooms"], set.Preparation!.Columns.Select(column => column.Name));
    }

    [Fact]
    public void Categories_become_one_feature_each_and_holes_are_filled()
    {
        Dataset set = Read(Mixed, new() { Target = "price", Splits = new() { Test = 0 }, Preparation = new() { Scaling = ScalingKind.None } });
        float[] features = Features(set.Train);
        Assert.Equal([30, 0, 1, 2], features[..4]);
        Assert.Equal([50, 1, 0, (2 + 4 + 3 + 2 + 1) / 5f], features[4..8]);
        Assert.Equal([60, 0, 1, 3], features[12..16]);
        Assert.Contains(set.Notes, note => note.Contains("city (1), rooms (1)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(MissingKind.Mean, 2.4f)]
    [InlineData(MissingKind.Median, 2f)]
    [InlineData(MissingKind.MostFrequent, 2f)]
    public void A_missing_number_is_filled_as_asked(MissingKind missing, float expected)
    {
        Dataset set = Read(Mixed, new()
        {
            Target = "price",
            Splits = new() { Test = 0 },
            Preparation = new() { Scaling = ScalingKind.None, Missing = missing },
        });
        Assert.Equal(expected, Features(set.Train)[7], 1e-6f);
    }

    [Fact]
    public void The_decisions_are_said()
    {
        string rows = string.Concat(Enumerable.Range(0, 30).Select(i => $"{i},{(i % 3) switch { 0 => "a", 1 => "b", _ => "c" }}\n"));
        Dataset set = Read("x,species\n" + rows, new());
        Assert.Equal("target species, 3 classes; test 6 of 30 rows, stratified, seed 1", set.Notes[0]);
        Assert.Equal([2, 2, 2], set.Test.Labels.ToArray().CountBy(label => label).Select(count => count.Value));
    }

    [Fact]
    public void Columns_are_chosen_by_name_or_number()
    {
        Dataset set = Read("id,a,b,c\n1,2,x,4\n2,3,y,5\n3,4,x,6\n", new()
        {
            Target = "3",
            Ignore = ["id", "4"],
            Splits = new() { Test = 0 },
            Preparation = new() { Scaling = ScalingKind.None },
        });
        Assert.Equal([2f, 3, 4], Features(set.Train));
        Assert.Equal(["x", "y"], set.ClassNames.ToArray());
    }

    [Theory]
    [InlineData("kind", null, "has no column \"kind\"; it has price, area, city, rooms")]
    [InlineData("price", "size", "has no column \"size\"")]
    [InlineData("price", "price", "price is the target and cannot be ignored")]
    public void A_column_that_is_not_there_is_named(string target, string? ignore, string message)
    {
        BadInputException wrong = Assert.Throws<BadInputException>(
            () => Read(Mixed, new() { Target = target, Ignore = ignore is null ? [] : [ignore] }));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_numbers_may_be_text()
    {
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{1000000 + (i % 3)},{i % 2}\n"));
        Dataset set = Read("x,zip,y\n" + rows, new() { Text = ["zip"] });
        Assert.Equal(["1000000", "1000001", "1000002"], Assert.IsType<CategoryColumn>(set.Preparation!.Columns[1]).Categories.ToArray());
    }

    [Fact]
    public void A_negative_zero_and_numbers_of_many_digits_are_targets_as_they_are_written()
    {
        string rows = string.Concat(Enumerable.Range(0, 30).Select(i => $"{i},{(i == 3 ? "-0" : $"{i * 1000}")}\n"));
        Dataset set = Read("x,y\n" + rows, new() { Splits = new() { Test = 0 }, Preparation = new() { Scaling = ScalingKind.None } });
        Assert.True(float.IsNegative(set.Train.Targets[3]));
        Assert.Equal(29000, set.Train.Targets[29]);
    }

    [Fact]
    public void A_column_that_identifies_rows_is_refused()
    {
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},name {i},{i % 2}\n"));
        BadInputException wrong = Assert.Throws<BadInputException>(() => Read("x,name,y\n" + rows, new()));
        Assert.Contains("name has 48 different texts in 48 training rows", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_of_a_group_are_in_one_part()
    {
        string rows = string.Concat(Enumerable.Range(0, 100).Select(i => $"{i},{i / 5},{i % 2}\n"));
        Dataset set = Read("x,patient,y\n" + rows, new()
        {
            Group = "patient",
            Splits = new() { Validation = 0.2 },
            Preparation = new() { Scaling = ScalingKind.None },
        });
        int[] Groups(DataSplit split) => [.. Features(split).Select(x => (int)x / 5).Distinct()];
        Assert.Equal(20, Groups(set.Train).Length + Groups(set.Validation).Length + Groups(set.Test).Length);
        Assert.Equal(1, set.Features);
    }

    [Fact]
    public void A_file_for_the_test_is_prepared_as_the_training_rows()
    {
        string test = _directory.Write("test.csv", "rooms,price,area,city,extra\n2,11.0,30,Paris,x\n");
        Dataset set = Read(Mixed, new() { Target = "price", TestFile = test, Preparation = new() { Scaling = ScalingKind.None } });
        Assert.Equal((6, 1), (set.Train.Rows, set.Test.Rows));
        Assert.Equal([30, 0, 0, 2], Features(set.Test));
        Assert.Contains(set.Notes, note => note.Contains("extra", StringComparison.Ordinal));
        Assert.Contains(set.Notes, note => note.Contains("\"Paris\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_read_for_a_model_has_the_features_of_training_whatever_the_order_of_rows_and_columns() =>
        Gen.Select(Gen.Shuffle(Enumerable.Range(0, 6).ToArray()), Gen.Shuffle(Enumerable.Range(0, 4).ToArray())).Sample((rows, columns) =>
        {
            string[][] cells = [.. Mixed.Split('\n').Select(line => line.TrimEnd('\r').Split(','))];
            string[] lines = [.. new[] { 0 }.Concat(rows.Select(row => row + 1)).Select(row => string.Join(',', columns.Select(column => cells[row][column])))];
            Dataset set = Read(Mixed, new() { Target = "price", Splits = new() { Test = 0 } });
            Dataset other = TableDataset.ReadWith(_directory.Write("other.csv", string.Join('\n', lines)), set.Preparation!);
            for (int i = 0; i < rows.Length; i++)
            {
                float[] expected = new float[set.Features];
                float[] actual = new float[set.Features];
                set.Train.Copy(rows[i], 1, expected);
                other.Test.Copy(i, 1, actual);
                Assert.Equal(expected, actual);
                Assert.Equal(set.Train.Targets[rows[i]], other.Test.Targets[i]);
            }
        }, iter: 50, threads: 1);

    [Fact]
    public void Columns_without_names_count_by_their_place_and_another_number_of_them_is_refused()
    {
        Dataset set = Read("1,2,a\n3,4,b\n5,6,a\n", new() { Splits = new() { Test = 0 } });
        Assert.Equal(1, TableDataset.ReadWith(_directory.Write("same.csv", "3,4,b\n"), set.Preparation!).Test.Rows);
        Assert.Contains(
            "has 4 columns without names, and the model was trained on 3",
            Assert.Throws<BadInputException>(() => TableDataset.ReadWith(_directory.Write("wide.csv", "9,3,4,b\n"), set.Preparation!)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_with_one_class_keeps_the_classes_of_the_model()
    {
        Dataset set = Read("x,y\n1,a\n2,b\n3,c\n4,a\n5,b\n6,c\n", new() { Splits = new() { Test = 0 } });
        Dataset other = TableDataset.ReadWith(_directory.Write("c.csv", "x,y\n3,c\n6,c\n"), set.Preparation!);
        Assert.Equal([2, 2], other.Test.Labels);
        Assert.Equal(3, other.Classes);
    }

    [Theory]
    [InlineData("area,city\n30,Rome\n", "has no column rooms, which the model needs; it has area, city")]
    [InlineData("area,city,rooms\n30,Rome,2\n", "has no column price, the target of the model")]
    [InlineData("area,city,rooms,price\n30,Rome,two,5\n", "line 2: rooms has \"two\"; expected a finite number")]
    [InlineData("area,city,rooms,price\n30,Rome,2,cheap\n", "line 2: the target price is \"cheap\"; expected a finite number")]
    [InlineData("area,city,rooms,price\n", "has no rows")]
    public void A_table_that_does_not_fit_a_model_is_refused_with_place_and_column(string text, string message)
    {
        Dataset set = Read(Mixed, new() { Target = "price", Splits = new() { Test = 0 } });
        BadInputException wrong = Assert.Throws<BadInputException>(
            () => TableDataset.ReadWith(_directory.Write("other.csv", text), set.Preparation!));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_classes_and_the_preparation_belong_to_the_identity()
    {
        string Sha(string text) => Read(text, new() { Splits = new() { Test = 0 } }).Sha256;
        Assert.NotEqual(Sha("x,y\n1,a\n2,b\n"), Sha("x,y\n1,a\n2,c\n"));
        Assert.NotEqual(Sha("x,y\n1,a\n2,b\n"), Sha("z,y\n1,a\n2,b\n"));
        Assert.Equal(Sha("x,y\n1,a\n2,b\n"), Sha("x,y\n1.0,a\n2,b\n"));
    }

    [Fact]
    public void Content_written_and_read_keeps_names_parts_and_preparation()
    {
        Dataset set = Read(Mixed, new() { Target = "price", Splits = new() { Validation = 1 } });
        using var stream = new MemoryStream();
        new DatasetBytes(set).WriteTo(stream);
        stream.Position = 0;
        Dataset read = DatasetContent.Read(stream, "copy");
        Assert.Equal(set.Sha256, read.Sha256);
        Assert.Equal(set.Preparation, read.Preparation);
        Assert.Equal((set.Train.Rows, set.Validation.Rows, set.Test.Rows), (read.Train.Rows, read.Validation.Rows, read.Test.Rows));
        Assert.Equal(Features(set.Validation), Features(read.Validation));
    }

    private Dataset Read(string text, TableOptions options) => TableDataset.Read(_directory.Write("set.csv", text), options);

    private static float[] Features(DataSplit split)
    {
        float[] features = new float[split.Rows * split.Matrix.Columns];
        split.Copy(0, split.Rows, features);
        return features;
    }
}
