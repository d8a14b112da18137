using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Files that Apache Arrow's C++ writer wrote (tests/fixtures/make_parquet_fixtures.cs), beside the same table as CSV.</summary>
public sealed class ParquetTableTests : IDisposable
{
    private static readonly string Tables = Path.Combine(Repository.Root, "tests", "fixtures", "tables");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("mixed.parquet")]
    [InlineData("mixed-plain.parquet")]
    [InlineData("mixed-gzip.parquet")]
    [InlineData("mixed-zstd.parquet")]
    [InlineData("mixed-brotli.parquet")]
    [InlineData("mixed-lz4.parquet")]
    [InlineData("mixed-delta.parquet")]
    public void The_same_table_as_csv_gives_the_same_data_set(string name)
    {
        var options = new TableOptions { Text = ["small"], Splits = new() { Validation = 3 } };
        Dataset csv = TableDataset.Read(Path.Combine(Tables, "mixed.csv"), options);
        Dataset parquet = TableDataset.Read(Path.Combine(Tables, name), options);
        Assert.Equal(csv.Preparation, parquet.Preparation);
        Assert.Equal(csv.Sha256, parquet.Sha256);
        Dataset evaluated = TableDataset.ReadWith(Path.Combine(Tables, name), csv.Preparation!);
        Assert.Equal(TableDataset.ReadWith(Path.Combine(Tables, "mixed.csv"), parquet.Preparation!).Sha256, evaluated.Sha256);
    }

    [Fact]
    public void Pages_of_version_2_are_read_but_for_booleans_in_runs()
    {
        string path = Path.Combine(Tables, "mixed-pages-2.parquet");
        var options = new TableOptions { Ignore = ["open"] };
        Assert.Equal(TableDataset.Read(Path.Combine(Tables, "mixed.csv"), options).Sha256, TableDataset.Read(path, options).Sha256);
        string message = Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message;
        Assert.Contains($"{path}, row 1 and after (row group 1): the column open cannot be read: Booleans encoded in runs", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parquet_file_is_read_whatever_its_name()
    {
        string path = _directory.Write("mixed.csv", File.ReadAllBytes(Path.Combine(Tables, "mixed.parquet")));
        Assert.Equal(2, TableDataset.Read(path).Classes);
    }

    [Theory]
    [InlineData("list", "the column list has lists")]
    [InlineData("raw", "the column raw has binary values")]
    public void A_column_of_lists_or_bytes_is_refused_by_name_unless_it_is_ignored(string column, string message)
    {
        string path = Path.Combine(Tables, "odd-columns.parquet");
        string other = column == "list" ? "raw" : "list";
        string refused = Assert.Throws<BadInputException>(() => TableDataset.Read(path, new() { Ignore = [other] })).Message;
        Assert.StartsWith(path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
        Assert.Contains("--ignore", refused, StringComparison.Ordinal);
        Assert.Equal(1, TableDataset.Read(path, new() { Ignore = ["list", "raw"] }).Features);
    }

    [Fact]
    public void Integers_beyond_the_exact_range_of_double_keep_their_digits_as_classes()
    {
        using var source = TableFile.Open(Path.Combine(Tables, "mixed.parquet"));
        Assert.True(source.Read());
        Assert.Equal("4000000000", source.GetText(2).ToString());
        Assert.Equal("row 1", source.Place);
        Assert.Equal(1 / 20.0, source.Progress);
    }

    public static TheoryData<string, Func<byte[], byte[]>, string> Damages => new()
    {
        { "only the magic", whole => whole[..4], "it has only 4 bytes" },
        { "cut short", whole => whole[..^100], "does not end with PAR1" },
        { "cut in half", whole => whole[..(whole.Length / 2)], "does not end with PAR1" },
        { "long footer", whole => Set(whole, whole.Length - 8, 0xff, 0xff, 0xff, 0x7f), "its footer claims 2147483647 bytes" },
        { "no footer", whole => Set(whole, whole.Length - 8, 0, 0, 0, 0), "its footer claims 0 bytes" },
        { "short footer", whole => Set(whole, whole.Length - 8, 20, 0, 0, 0), "damaged or cut short" },
        { "footer of zeros", whole => Zero(whole, FooterOf(whole), whole.Length - 8), "damaged or cut short" },
        { "footer of ones", whole => Fill(whole, FooterOf(whole), whole.Length - 8), "damaged or cut short" },
        { "no pages", whole => Zero(whole, 4, FooterOf(whole)), "cannot be read" },
        { "pages of ones", whole => Fill(whole, 4, FooterOf(whole)), "row group 1): the column" },
        { "pages removed", whole => [.. whole[..4], .. whole[FooterOf(whole)..]], "cannot be read" },
        { "another table in it", whole => [.. whole[..FooterOf(whole)], .. "PAR1PAR1"u8], "damaged or cut short" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_file_is_refused_with_path_place_and_reason(string name, Func<byte[], byte[]> damage, string message)
    {
        string path = _directory.Write($"{name}.parquet", damage(File.ReadAllBytes(Path.Combine(Tables, "mixed.parquet"))));
        string refused = Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message;
        Assert.StartsWith(path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mixed.parquet")]
    [InlineData("mixed-zstd.parquet")]
    [InlineData("mixed-delta.parquet")]
    public void Damaged_bytes_are_refused_by_a_bad_input_exception_alone(string name) => DamagedFiles.Read(
        _directory, name, File.ReadAllBytes(Path.Combine(Tables, name)), path => TableDataset.Read(path), copies: 800);

    private static int FooterOf(byte[] whole) => whole.Length - 8 - BitConverter.ToInt32(whole, whole.Length - 8);

    private static byte[] Set(byte[] whole, int at, params byte[] bytes) => [.. whole[..at], .. bytes, .. whole[(at + bytes.Length)..]];

    private static byte[] Zero(byte[] whole, int from, int to) => Set(whole, from, new byte[to - from]);

    private static byte[] Fill(byte[] whole, int from, int to) => Set(whole, from, [.. Enumerable.Repeat((byte)0xff, to - from)]);
}
