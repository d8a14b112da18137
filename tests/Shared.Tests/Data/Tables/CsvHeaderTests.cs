using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

public sealed class CsvHeaderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Names_that_look_like_numbers_are_names_if_asked()
    {
        string years = _directory.Write("years.csv", "2019,2020,kind\n1,2,a\n3,4,b\n5,6,a\n");
        Dataset set = TableDataset.Read(years, new() { Header = HeaderKind.Yes, Splits = new() { Test = 0 } });
        Assert.Equal(["2019", "2020"], set.Preparation!.Columns.Select(column => column.Name));
        Assert.Equal((3, "kind", true), (set.Train.Rows, set.Preparation.Target, set.Preparation.HasNames));
        string reordered = _directory.Write("other.csv", "kind,2020,2019\na,2,1\nb,4,3\n");
        Dataset read = TableDataset.ReadWith(reordered, set.Preparation);
        Assert.Equal(set.Train.Matrix.AllBytes()[..16], read.Test.Matrix.AllBytes());
    }

    [Fact]
    public void A_first_line_of_texts_is_a_row_if_asked_and_stays_one_where_the_model_is_used()
    {
        string colours = _directory.Write("colours.csv", "red,round,a\nblue,flat,b\nred,flat,b\nblue,round,a\n");
        Dataset set = TableDataset.Read(colours, new() { Header = HeaderKind.No, Splits = new() { Test = 0 } });
        Assert.Equal((4, false), (set.Train.Rows, set.Preparation!.HasNames));
        Assert.Equal(4, TableDataset.ReadWith(colours, set.Preparation).Test.Rows);
        string named = _directory.Write("named.csv", "column 1,column 2,column 3,predicted column 3\nred,round,a,a\n");
        Assert.Equal(1, TableDataset.ReadWith(named, set.Preparation).Test.Rows);
    }

    [Fact]
    public void Two_equal_names_are_refused_where_the_first_line_is_names() => Assert.Contains(
        "line 1: two columns are named \"1\"",
        Assert.Throws<BadInputException>(() => TableDataset.Read(_directory.Write("x.csv", "1,1,y\n2,3,4\n"), new() { Header = HeaderKind.Yes })).Message,
        StringComparison.Ordinal);
}
