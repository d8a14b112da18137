using System.Globalization;
using System.Text.Json;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>The columns of a table, as <c>data info</c> shows them.</summary>
public sealed class DataInfoCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public DataInfoCommandTests() => File.WriteAllLines(_directory["people.csv"], ["id,age,zip,born,city,note,kind", .. Enumerable.Range(0, 40).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"{i},{(i % 4 == 0 ? "" : $"{20 + i}")},{i % 3:00000},2001-02-{1 + (i % 28):00},{(i % 4 == 1 ? "Ulm" : "Bonn")},,{(i % 2 == 0 ? "a" : "b")}"))]);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Columns_have_their_kind_range_missing_values_and_advice()
    {
        ProcessResult result = NnClusterProcess.Run("data", "info", _directory["people.csv"], "--json");
        // The note has no value in any row: no data set can be made, and the columns are still shown.
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(7, result.Json.GetProperty("columns").GetArrayLength());
        Assert.Contains("born has ", result.Json.GetProperty("refusal").GetString(), StringComparison.Ordinal);
        ProcessResult text = NnClusterProcess.Run("data", "info", _directory["people.csv"]);
        Assert.True(text.ExitCode == 0, text.Error);
        Assert.Contains("train refuses it: ", text.Output, StringComparison.Ordinal);
        ProcessResult followed = NnClusterProcess.Run("data", "info", _directory["people.csv"], "--ignore", "id,note,born", "--text", "zip");
        Assert.Contains("target kind, 2 classes; test 8 of 40 rows", followed.Output, StringComparison.Ordinal);
        Assert.Contains("people.csv: 40 rows, 7 columns", text.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^ +2  age +number +10  21 to 59, mean 40$", text.Output);
        Assert.Matches(@"(?m)^ +5  city +text +0  Bonn 30, Ulm 10$", text.Output);
        Assert.Contains("id: differs in every row", text.Output, StringComparison.Ordinal);
        Assert.Contains("zip: numbers with leading zeros, such as postcodes, are names: give --text", text.Output, StringComparison.Ordinal);
        Assert.Contains("born: dates are not prepared", text.Output, StringComparison.Ordinal);
        Assert.Contains("note: has no value", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void As_json_every_column_is_an_object_and_the_data_set_is_described_with_its_target()
    {
        File.WriteAllLines(_directory["small.csv"], ["x,y", .. Enumerable.Range(0, 30).Select(i => $"{i % 7},{(i % 3 == 0 ? "no" : "yes")}")]);
        ProcessResult result = NnClusterProcess.Run("data", "info", _directory["small.csv"], "--target", "x", "--task", "regression", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement info = result.Json;
        Assert.Equal(("x", "regression", 30, 24, 6), (
            info.GetProperty("target").GetString(), info.GetProperty("task").GetString(), info.GetProperty("rows").GetInt32(),
            info.GetProperty("trainRows").GetInt32(), info.GetProperty("testRows").GetInt32()));
        JsonElement y = info.GetProperty("columns")[1];
        Assert.Equal(("text", 0, "yes", 20), (
            y.GetProperty("kind").GetString(), y.GetProperty("missing").GetInt32(),
            y.GetProperty("values")[0].GetProperty("value").GetString(), y.GetProperty("values")[0].GetProperty("rows").GetInt32()));
        Assert.Equal((0.0, 6.0), (
            info.GetProperty("columns")[0].GetProperty("minimum").GetDouble(), info.GetProperty("columns")[0].GetProperty("maximum").GetDouble()));
    }

    [Fact]
    public void Options_of_tables_are_refused_for_images()
    {
        ProcessResult result = NnClusterProcess.Run("data", "info", NnClusterProcess.MnistRows, "--target", "x");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--target is for tables, and", result.Error, StringComparison.Ordinal);
    }
}
