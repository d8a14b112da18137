using System.Globalization;
using CsCheck;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class CsvFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_header_is_detected_and_text_makes_classes_in_order_of_appearance()
    {
        Dataset set = Read("length, width ,kind\n1,2.5,iris\n-3e2,4,rose\n\n5,6,iris\n");
        Assert.Equal((3, 0, 2, 2), (set.Train.Rows, set.Test.Rows, set.Features, set.Classes));
        Assert.Equal(["iris", "rose"], set.ClassNames.ToArray());
        Assert.Equal([0, 1, 0], set.Train.Labels);
        Assert.Equal([1, 2.5f, -300, 4, 5, 6], Features(set.Train));
        Assert.Equal("set.csv", set.Name);
    }

    [Theory]
    [InlineData("1;2;a\n3;4;b\n")]
    [InlineData("1\t2\ta\n3\t4\tb")]
    [InlineData("1|2|a\r\n3|4|b\r\n")]
    [InlineData("\ufeff1,2,\"a\"\n3,4,\"b\"\n")]
    public void Separators_line_ends_quotes_and_a_byte_order_mark_are_understood(string text)
    {
        Dataset set = Read(text);
        Assert.Equal([1, 2, 3, 4], Features(set.Train));
        Assert.Equal(["a", "b"], set.ClassNames.ToArray());
    }

    [Fact]
    public void Integers_are_classes_in_ascending_order()
    {
        Assert.Equal([2, 0, 1, 2], Read("1,2\n1,0\n1,1\n1,2\n").Train.Labels);
        Dataset set = Read("1,7\n1,-1\n1,+7\n1,10\n");
        Assert.Equal([1, 0, 1, 2], set.Train.Labels);
        Assert.Equal(["-1", "7", "10"], set.ClassNames.ToArray());
    }

    [Fact]
    public void Numbers_with_a_fraction_make_a_regression()
    {
        Dataset set = Read("x,y\n1,2\n2,4.5\n");
        Assert.Equal((0, 1), (set.Classes, set.Targets));
        Assert.Equal([2, 4.5f], set.Train.Targets);
    }

    [Fact]
    public void Every_seventh_row_is_for_testing()
    {
        Dataset set = Read(string.Concat(Enumerable.Range(1, 20).Select(i => $"{i},{i}.5\n")));
        Assert.Equal([7, 14], Features(set.Test));
        Assert.Equal([7.5f, 14.5f], set.Test.Targets);
        Assert.Equal(Enumerable.Range(1, 20).Where(i => i % 7 != 0).Select(i => (float)i), Features(set.Train));
    }

    [Fact]
    public void Written_numbers_are_read_with_all_their_bits() => Gen.Float.Where(float.IsFinite).Array[2, 12].Sample(
        values =>
        {
            string text = string.Concat(values.Select(v => $"{v.ToString("R", CultureInfo.InvariantCulture)},0.5\n"));
            Dataset set = Read(text);
            float[] expected = [.. values.Where((_, i) => i % 7 != 6)];
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), Features(set.Train).Select(BitConverter.SingleToInt32Bits));
        },
        iter: 200,
        threads: 1);

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b\n", "has a header and no rows")]
    [InlineData("1\n2\n", "line 1: only one column")]
    [InlineData("1,2,a\n1,2\n", "line 2: 2 columns; expected 3")]
    [InlineData("1,2,a\n1,2,b,c\n", "line 2: 4 columns; expected 3")]
    [InlineData("1,2,a\n\n1,x,b\n", "line 3: column 2 has \"x\"; expected a finite number")]
    [InlineData("p,q,r\n1,2,a\n1,,b\n", "line 3: column 2 (q) is empty")]
    [InlineData("1,nan,a\n1,2,b\n", "line 1: column 2 has \"nan\"")]
    [InlineData("1,2,a\n1,1e99,b\n", "line 2: column 2 has \"1e99\"")]
    [InlineData("1;1,000;a\n1;2;b\n", "line 1: column 2 has \"1,000\"")]
    [InlineData("1,2,a\n1,2,\n", "line 2: column 3, the last, is empty")]
    [InlineData("1,2,a\n1,2,a\n", "\"a\" in every row; expected at least two classes")]
    [InlineData("1,2,0.5\n1,2,zero\n", "\"zero\" on line 2 and \"0.5\" on line 1")]
    [InlineData("1,2,\"a\n1,2,b\n", "line 1: ")]
    [InlineData("1,\u0001\u0002,a\n1,2,b", "\"??\"")]
    public void What_is_wrong_is_named_with_line_and_column(string text, string message)
    {
        BadInputException wrong = Assert.Throws<BadInputException>(() => Read(text));
        Assert.StartsWith(_directory["set.csv"], wrong.Message, StringComparison.Ordinal);
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_integer_classes_hint_at_regression()
    {
        BadInputException wrong = Assert.Throws<BadInputException>(() => Read(string.Concat(Enumerable.Range(0, 1001).Select(i => $"1,{i}\n"))));
        Assert.Contains("1001 different values", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("1.0", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("cannot be read", Assert.Throws<BadInputException>(() => CsvFile.Read(_directory["none.csv"])).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_store_opens_a_csv_file()
    {
        string path = _directory.Write("set.csv", "1,a\n2,b\n");
        Assert.Equal(2, (await new DatasetStore(new()).OpenAsync(path)).Train.Rows);
    }

    private Dataset Read(string text) => CsvFile.Read(_directory.Write("set.csv", text));

    private static float[] Features(DataSplit split)
    {
        float[] features = new float[split.Rows * split.Matrix.Columns];
        split.Copy(0, split.Rows, features);
        return features;
    }
}
