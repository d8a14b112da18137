using System.Globalization;
using System.IO.Compression;
using System.Text;
using CsCheck;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>CSV files as data sets with a share of 0 for the test, so that every row trains, and without scaling.</summary>
public sealed class CsvTableTests : IDisposable
{
    private static readonly TableOptions AsIs = new()
    {
        Splits = new() { Test = 0 },
        Preparation = new() { Scaling = ScalingKind.None, Missing = MissingKind.Refuse, Categories = CategoryKind.Refuse },
    };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_header_is_detected_and_text_makes_classes_in_the_order_of_their_names()
    {
        Dataset set = Read("length, width ,kind\n1,2.5,rose\n-3e2,4,iris\n\n5,6,rose\n");
        Assert.Equal((3, 0, 2, 2), (set.Train.Rows, set.Test.Rows, set.Features, set.Classes));
        Assert.Equal(["iris", "rose"], set.ClassNames.ToArray());
        Assert.Equal([1, 0, 1], set.Train.Labels);
        Assert.Equal([1, 2.5f, -300, 4, 5, 6], Features(set.Train));
        Assert.Equal("set.csv", set.Name);
        Assert.Equal(["length", "width"], set.Preparation!.Columns.Select(column => column.Name));
    }

    [Fact]
    public void Line_breaks_in_the_name_of_a_column_become_spaces_by_which_it_is_named()
    {
        Dataset set = Read("\"unit\nprice\",\"kind\r\nof\tit\"\n1,a\n2,b\n");
        Assert.Equal("unit price", set.Preparation!.Columns[0].Name);
        Assert.Equal("kind  of it", set.Preparation.Target);
        using var row = new NamedRow(new Dictionary<string, object?> { ["unit\nprice"] = 1 });
        Assert.Equal("unit price", Assert.Single(row.Columns));
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
    public void A_file_that_is_compressed_with_gzip_is_read_whatever_its_name()
    {
        string path = _directory["set.csv"];
        using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            file.Write("1,2,a\n3,4,b\n"u8);
        }

        Assert.Equal([1, 2, 3, 4], Features(TableDataset.Read(path, AsIs).Train));
    }

    [Fact]
    public void A_first_line_with_a_missing_value_is_a_row() => Assert.Equal(3, Read("1,NA,p\n2,3,p\n4,5,q\n", AsIs with { Preparation = new() }).Train.Rows);

    [Fact]
    public void The_first_name_may_be_empty() =>
        Assert.Equal(["column 1", "x"], Read(",x,y\n0,1,a\n1,2,b\n").Preparation!.Columns.Select(column => column.Name));

    [Fact]
    public void A_file_without_names_says_so() =>
        Assert.Equal("line 1 of set.csv is read as a row; the columns are called column 1, column 2, …", Read("1,a\n2,b\n").Notes[0]);

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
    public void More_than_20_different_integers_make_a_regression_and_a_given_task_decides()
    {
        string text = string.Concat(Enumerable.Range(0, 21).Select(i => $"1,{i}\n"));
        Assert.Equal((0, 1), (Read(text).Classes, Read(text).Targets));
        Assert.Equal(21, Read(text, AsIs with { Task = ModelTask.Classification }).Classes);
        Assert.Equal(1, Read("1,0\n1,1\n", AsIs with { Task = ModelTask.Regression }).Targets);
    }

    [Fact]
    public void Written_numbers_are_read_with_all_their_bits() => Gen.Float.Where(float.IsFinite).Array[2, 12].Sample(
        values =>
        {
            string rows = string.Concat(values.Select((value, i) => $"{value.ToString("R", CultureInfo.InvariantCulture)},{i % 2}\n"));
            Assert.Equal(values, Features(Read(rows).Train));
        },
        iter: 200,
        threads: 1);

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b\n", "has no rows")]
    [InlineData("1\n2\n", "only one column")]
    [InlineData("1,2,a\n1,2\n", "line 2: 2 columns; expected 3")]
    [InlineData("1,2,a\n1,2,b,c\n", "line 2: 4 columns; expected 3")]
    [InlineData("1,2,a\n1,2,a\n\n1,x,b\n", "line 4: column 2 has \"x\"; expected a finite number")]
    [InlineData("p,q,r\n1,2,a\n1,,b\n", "line 3: q has no value")]
    [InlineData("1,nan,a\n1,2,b\n", "line 1: column 2 has no value")]
    [InlineData("1,2,a\n1,2,a\n1,1e99,b\n", "line 3: column 2 has 1E+99")]
    [InlineData("1,2,a\n1,2,a\n1,inf,b\n", "line 3: column 2 has \"inf\"")]
    [InlineData("1;1,5;a\n1;2;b\n", "line 1: column 2 has \"1,5\", with a comma")]
    [InlineData("1,2,a\n1,2,\n", "line 2: the target column 3 is missing")]
    [InlineData("1,2,a\n1,2,a\n", "\"a\" in every row; a classification needs two classes")]
    [InlineData("1,2,0.5\n1,2,zero\n", "\"zero\" (line 2) and \"0.5\" (line 1)")]
    [InlineData("x,x,y\n1,2,a\n", "line 1: two columns are named \"x\"")]
    [InlineData("a;y\n1;0,5\n2;1,5\n", "line 2: the target y has \"0,5\", with a comma")]
    [InlineData("1,2,\"a\n1,2,b\n", "line 1: ")]
    [InlineData("1,x\u0001,a\n1,y\u0002,b", "\"x?\"; expected numbers")]
    public void What_is_wrong_is_named_with_line_and_column(string text, string message)
    {
        BadInputException wrong = Assert.Throws<BadInputException>(() => Read(text));
        Assert.StartsWith(_directory["set.csv"], wrong.Message, StringComparison.Ordinal);
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_without_an_end_is_refused_before_it_fills_the_memory()
    {
        string path = _directory["quote.csv.gz"];
        using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            file.Write("x,y\n1,a\n\"2"u8);
            byte[] chunk = [.. Enumerable.Repeat((byte)'0', 1 << 20)];
            for (int i = 0; i < 80; i++)
            {
                file.Write(chunk);
            }
        }

        Assert.Contains("a row has more than 64 MiB", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_columns_than_a_table_can_have_are_refused() => Assert.Contains(
        "line 1: 2000001 columns; expected at most 1048576",
        Assert.Throws<BadInputException>(() => Read(new string(',', 2_000_000) + "\n")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_first_line_with_names_that_are_numbers_is_named_with_the_option_that_helps() => Assert.Contains(
        "If line 1 has the names of the columns, say so (--header yes).",
        Assert.Throws<BadInputException>(() => Read("id,2022,y\n1,2,a\n2,3,b\n")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_column_that_looks_like_something_that_is_not_prepared_is_named()
    {
        string rows = string.Concat(Enumerable.Range(1, 60).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"{i},0{1000 + (i % 7)},2024-05-{1 + (i % 9):00},{i * 37 % 11},{i % 2}\n")));
        string[] notes = [.. Read("id,zip,day,x,y\n" + rows, new()).Notes];
        Assert.Contains(notes, note => note.StartsWith("id: differs in every row", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("zip: numbers with leading zeros", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.StartsWith("day: dates are not prepared", StringComparison.Ordinal));
        Assert.DoesNotContain(notes, note => note.StartsWith("x:", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Read("id,zip,day,x,y\n" + rows, new() { Text = ["zip"], Ignore = ["id", "day"] }).Notes, note => note.Contains("leading zeros", StringComparison.Ordinal));
    }

    [Fact]
    public void A_damaged_gzip_file_is_named()
    {
        string path = _directory["set.csv.gz"];
        File.WriteAllBytes(path, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, .. Encoding.ASCII.GetBytes("not deflate at all")]);
        Assert.Contains("gzip", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzip_file_that_was_cut_off_is_no_shorter_table()
    {
        string whole = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i},{i % 2}\n"));
        using var bytes = new MemoryStream();
        using (var file = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            file.Write(Encoding.ASCII.GetBytes(whole));
        }

        string path = _directory["cut.csv.gz"];
        File.WriteAllBytes(path, bytes.ToArray()[..^9]);
        Assert.Throws<BadInputException>(() => TableDataset.Read(path));
    }

    [Fact]
    public void Text_that_is_no_utf_8_is_named_with_its_line()
    {
        string path = _directory["latin.csv"];
        File.WriteAllBytes(path, [.. "x,y\n1,a\n2,"u8, 0xe9, .. "\n3,b\n"u8]);
        Assert.Contains("line 3: column 2 is no UTF-8", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_numbers_keep_their_distances()
    {
        Dataset set = Read(string.Concat(Enumerable.Range(0, 100).Select(i => $"{1_700_000_000L + i},{i % 2}\n")), new() { Splits = new() { Test = 0 } });
        Assert.Equal(100, Features(set.Train).Distinct().Count());
        Dataset read = TableDataset.ReadWith(_directory["set.csv"], set.Preparation!);
        Assert.Equal(Features(set.Train), Features(read.Test));
    }

    [Fact]
    public void Names_that_look_like_numbers_stay_as_written_where_the_target_is_text()
    {
        string text = "x,zip\n1,01234\n2,1234\n3,00501\n4,01234\n";
        Dataset set = Read(text, AsIs with { Text = ["zip"] });
        Assert.Equal(["00501", "01234", "1234"], set.ClassNames.ToArray().Order(StringComparer.Ordinal));
        Assert.Equal(set.Train.Labels, TableDataset.ReadWith(_directory["set.csv"], set.Preparation!).Test.Labels);
        Assert.Equal(["0", "5"], Read("1,-0\n2,0\n3,5\n").ClassNames.ToArray());
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("cannot be read", Assert.Throws<BadInputException>(() => TableDataset.Read(_directory["none.csv"])).Message, StringComparison.Ordinal);

    [Fact]
    public async Task The_store_opens_a_csv_file()
    {
        string path = _directory.Write("set.csv", "1,a\n2,b\n3,a\n");
        Assert.Equal(2, (await new DatasetStore(new()).OpenAsync(path)).Train.Rows);
    }

    private Dataset Read(string text, TableOptions? options = null) => TableDataset.Read(_directory.Write("set.csv", text), options ?? AsIs);

    private static float[] Features(DataSplit split)
    {
        float[] features = new float[split.Rows * split.Matrix.Columns];
        split.Copy(0, split.Rows, features);
        return features;
    }
}
