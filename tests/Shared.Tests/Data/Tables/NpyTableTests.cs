using System.Text;
using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Arrays that numpy wrote (tests/fixtures/make_numpy_fixtures.py).</summary>
public sealed class NpyTableTests : IDisposable
{
    private static readonly string Tables = Path.Combine(Repository.Root, "tests", "fixtures", "tables");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, string> Types()
    {
        var types = new TheoryData<string, string>();
        foreach (string type in "b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".Split(' '))
        {
            types.Add("types.npz", type);
            types.Add("types-compressed.npz", type);
        }

        return types;
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_byte_order_and_layout_has_the_values_that_numpy_wrote(string archive, string type)
    {
        double[] expected = [.. Enumerable.Range(0, 18).Select(i => i * 7).Select(value => type[0] switch { 'b' => value % 2, 'f' => value / 4.0, _ => value })];
        foreach (string variant in (string[])["little-C", "little-F", "big-C", "big-F"])
        {
            using TableSource source = TableFile.Open(Path.Combine(Tables, archive, $"{type}-{variant}"));
            Assert.Equal(["column 1", "column 2", "column 3"], source.Columns.ToArray());
            Assert.False(source.HasNames);
            Assert.Equal(expected, Numbers(source));
        }
    }

    [Fact]
    public void An_array_in_fortran_order_in_a_file_of_its_own_is_read_by_rows()
    {
        using TableSource columns = TableFile.Open(Path.Combine(Tables, "columns.npy"));
        using TableSource rows = TableFile.Open(Path.Combine(Tables, "rows.npy"));
        Assert.Equal(Numbers(rows), Numbers(columns));
        Assert.Equal("row 6", columns.Place);
    }

    [Theory]
    [InlineData("mixed-1.npy")]
    [InlineData("mixed-2.npy")]
    [InlineData("mixed-3.npy")]
    public void An_array_with_fields_is_the_same_table_as_csv_and_parquet(string name)
    {
        var options = new TableOptions { Text = ["small"], Splits = new() { Validation = 3 } };
        Dataset array = TableDataset.Read(Path.Combine(Tables, name), options);
        Assert.Equal(TableDataset.Read(Path.Combine(Tables, "mixed.csv"), options).Sha256, array.Sha256);
        Assert.Equal(TableDataset.Read(Path.Combine(Tables, "mixed.parquet"), options).Sha256, array.Sha256);
    }

    [Fact]
    public void A_matrix_is_the_same_table_as_csv_without_names()
    {
        string csv = _directory.Write("rows.csv", string.Concat(Enumerable.Range(0, 6).Select(
            row => FormattableString.Invariant($"{row * 21 / 4.0},{((row * 21) + 7) / 4.0},{((row * 21) + 14) / 4.0}\n"))));
        var options = new TableOptions { Task = ModelTask.Regression };
        Dataset array = TableDataset.Read(Path.Combine(Tables, "rows.npy"), options);
        Assert.Equal(TableDataset.Read(csv, options).Sha256, array.Sha256);
        Assert.DoesNotContain(array.Notes, note => note.Contains("line 1", StringComparison.Ordinal));
    }

    [Fact]
    public void Integers_beyond_the_exact_range_of_double_keep_their_digits_as_text()
    {
        using TableSource source = TableFile.Open(Path.Combine(Tables, "integers.npy"));
        Assert.True(source.Read());
        Assert.Equal("9007199254740993", source.GetText(0).ToString());
        Assert.True(source.Read());
        Assert.Equal("-9007199254740993", source.GetText(0).ToString());
    }

    [Theory]
    [InlineData("objects.npy", "Python objects (dtype object), which only Python can load; convert the array first")]
    [InlineData("refused.npz/complex", "complex numbers (dtype <c8)")]
    [InlineData("refused.npz/times", "dates or times (dtype <M8[D]); convert them first, such as with .astype(str)")]
    [InlineData("refused.npz/vector", "has the shape (5,); expected two dimensions")]
    [InlineData("refused.npz/cube", "has the shape (2, 3, 4); expected two dimensions")]
    [InlineData("refused.npz/scalar", "it is a single value; expected rows")]
    [InlineData("refused.npz/long", "numbers of 128 bits")]
    [InlineData("refused.npz/nested", "the field \"a\" has fields or dimensions of its own")]
    [InlineData("refused.npz/empty", "has no column")]
    [InlineData("refused.npz/none", "no rows")]
    [InlineData("refused.npz/missing", "has no array missing; it has complex")]
    [InlineData("rows.npy/x", "cannot be read")]
    public void An_array_that_is_no_table_is_refused_with_its_path_and_a_remedy(string name, string message)
    {
        string path = Path.Combine(Tables, name);
        string refused = Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message;
        Assert.StartsWith(name.EndsWith("missing", StringComparison.Ordinal) ? Path.GetDirectoryName(path)! : path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Headers => new()
    {
        { "", "it ends within its header" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)", "it ends early" },
        { "{'descr': '<f8', 'fortran_order': False}", "lacks descr, fortran_order or shape" },
        { "{'descr': '<f8', 'fortran_order': 0, 'shape': (3, 2)}", "lacks descr, fortran_order or shape" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (3, -2)}", "its shape (3, -2) is impossible" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 'x')}", "its shape (3, x) is impossible" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904)}", "is impossible" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 2)}", "its header announces 16000" },
        { "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 99999999999999999999)}", "is no integer of 64 bits" },
        { "{'descr': '<q9', 'fortran_order': False, 'shape': (3, 2)}", "the dtype \"<q9\"" },
        { "{'descr': [('a', '<f8'), 5], 'fortran_order': False, 'shape': (3,)}", "a field of its descr is no name with a type" },
        { "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (3,)}", "two columns are named \"a\"" },
        { "{'descr': [], 'fortran_order': False, 'shape': (3,)}", "its descr has no field" },
        { "{'descr': 1, 'fortran_order': False, 'shape': (3,)}", "its descr is no type" },
        { "((((((((((((((((((((1))))))))))))))))))))", "nested more than 16 deep" },
        { "eval('1')", "at character 1" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void A_damaged_header_is_refused_with_path_and_reason(string header, string message)
    {
        string text = header.Length == 0 ? "" : header + "\n";
        byte[] length = BitConverter.GetBytes((ushort)(header.Length == 0 ? 100 : text.Length));
        string path = _directory.Write("x.npy", [0x93, .. "NUMPY"u8, 1, 0, .. length, .. Encoding.ASCII.GetBytes(text), .. new byte[48]]);
        string refused = Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message;
        Assert.StartsWith(path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_too_short_or_too_long_is_refused_with_its_path()
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(Tables, "rows.npy"));
        foreach (byte[] content in (byte[][])[whole[..^1], [.. whole, 0], [0x93, .. "NUMPY"u8, 9, 9, .. whole[8..]]])
        {
            string path = _directory.Write("cut.npy", content);
            Assert.StartsWith(path, Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_text_that_is_no_utf_8_is_refused_with_row_and_column()
    {
        byte[] content = File.ReadAllBytes(Path.Combine(Tables, "mixed-1.npy"));
        int at = content.AsSpan().LastIndexOf("odd"u8);
        content[at] = 0xff;
        string path = _directory.Write("mixed.npy", content);
        Assert.Contains("row 20: kind has a text that is no UTF-8", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mixed-1.npy")]
    [InlineData("columns.npy")]
    public void Damaged_bytes_are_refused_by_a_bad_input_exception_alone(string name) => DamagedFiles.Read(
        _directory, name, File.ReadAllBytes(Path.Combine(Tables, name)), path => TableDataset.Read(path));

    private static List<double> Numbers(TableSource source)
    {
        List<double> values = [];
        while (source.Read())
        {
            for (int column = 0; column < source.Columns.Length; column++)
            {
                Assert.True(source.TryGetNumber(column, out double value));
                values.Add(value);
            }
        }

        return values;
    }
}
