using System.Globalization;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Shared.Tests.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Persistence;

/// <summary>The graph prepares the raw columns of a table as the library does.</summary>
public sealed class OnnxTableTests : IDisposable
{
    private const int Rows = 400;

    // The first name is empty as in an index of pandas, "label" is the name of an output, "time" has large numbers, "colour" and "size" have holes.
    private static readonly string[] Columns = ["", "label", "time", "colour", "size", "city, quoted", "dense0.weight"];

    private readonly TemporaryDirectory _directory = new();
    private readonly string[][] _rows = CreateRows(Rows);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(ScalingKind.Standard, MissingKind.Mean)]
    [InlineData(ScalingKind.MinMax, MissingKind.Median)]
    [InlineData(ScalingKind.None, MissingKind.MostFrequent)]
    public void Numbers_texts_and_missing_values_give_the_class_of_the_predictor(ScalingKind scaling, MissingKind missing)
    {
        string[] target = [.. _rows.Select((_, i) => (i % 3) switch { 0 => "lily", 1 => "rose", _ => "tulip" })];
        Predictor predictor = Create(target, "kind", LossKind.CrossEntropy, new() { Scaling = scaling, Missing = missing });
        using OnnxRun run = Save(predictor);
        OnnxAnswer answer = run.Run(InputColumns, _rows);
        for (int i = 0; i < Rows; i++)
        {
            RowAnswer expected = predictor.PredictRow(Row(_rows[i]));
            Assert.Equal(expected.Class, answer.Labels![i]);
            Assert.All(
                predictor.Preparation!.Classes.Index(),
                item => Assert.Equal(expected.Probabilities[item.Item], answer.Values[(i * 3) + item.Index], 1e-5));
        }

        Assert.Equal(["label 2", "probabilities"], run.Outputs.Keys);
        Assert.Equal("kind", run.Metadata["target"]);
        Assert.Equal("""["lily","rose","tulip"]""", run.Metadata["classNames"]);
    }

    [Fact]
    public void A_regression_answers_in_the_unit_of_the_target()
    {
        string[] target = [.. _rows.Select((_, i) => (1e6 + (1000 * i)).ToString(CultureInfo.InvariantCulture))];
        Predictor predictor = Create(target, "price", LossKind.MeanSquaredError, new());
        using OnnxRun run = Save(predictor);
        Assert.Equal((typeof(double), "prediction"), (run.Outputs.Single().Value.Type, run.Outputs.Single().Key));
        Assert.Equal([-1, 1], run.Outputs["prediction"].Shape);
        OnnxAnswer answer = run.Run(InputColumns, _rows);
        double unit = predictor.Preparation!.TargetScale;
        for (int i = 0; i < Rows; i++)
        {
            Assert.Equal(predictor.PredictRow(Row(_rows[i])).Value!.Value, answer.Values[i], 1e-5 * unit);
        }
    }

    [Fact]
    public void A_classification_by_squared_error_has_outputs_that_are_no_probabilities()
    {
        string[] target = [.. _rows.Select((_, i) => i % 2 == 0 ? "no" : "yes")];
        Predictor predictor = Create(target, "bought", LossKind.MeanSquaredError, new());
        using OnnxRun run = Save(predictor);
        Assert.Equal(["label 2", "outputs"], run.Outputs.Keys);
        OnnxAnswer answer = run.Run(InputColumns, _rows);
        Assert.Equal(_rows.Select(row => predictor.PredictRow(Row(row)).Class), answer.Labels!);
    }

    [Fact]
    public void Columns_are_inputs_with_their_names_and_types()
    {
        Predictor predictor = Create([.. _rows.Select((_, i) => i % 2 == 0 ? "a" : "b")], "kind", LossKind.CrossEntropy, new());
        using OnnxRun run = Save(predictor);
        Assert.Equal(InputColumns, run.Inputs.Keys);
        Assert.All(run.Inputs.Values, input => Assert.Equal([-1, 1], input.Shape));
        Assert.Equal(
            [typeof(float), typeof(float), typeof(double), typeof(string), typeof(float), typeof(string), typeof(float)],
            run.Inputs.Values.Select(input => input.Type));
    }

    [Fact]
    public void A_text_of_no_training_row_has_none_of_the_categories()
    {
        Predictor predictor = Create([.. _rows.Select((_, i) => i % 2 == 0 ? "a" : "b")], "kind", LossKind.CrossEntropy, new());
        using OnnxRun run = Save(predictor);
        string[] row = [.. _rows[0]];
        row[3] = "ultraviolet";
        string path = WriteTable("unknown.csv", [row], ["a"], "kind");
        Dataset prepared = TableDataset.ReadWith(path, predictor.Preparation!);
        float[] features = new float[predictor.Inputs];
        prepared.Test.Copy(0, 1, features);
        float[] expected = predictor.Predict(features);
        Assert.Equal([expected[0], expected[1]], run.Run(InputColumns, [row]).Values, (a, b) => Math.Abs(a - b) < 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_missing_value_that_training_refused_gets_no_answer(int column)
    {
        string[][] whole = [.. _rows.Select(row => row.Select((text, i) => text.Length > 0 ? text : i == 3 ? "red" : "1").ToArray())];
        foreach (bool classification in (ReadOnlySpan<bool>)[true, false])
        {
            string[] target = [.. whole.Select((_, i) => classification ? i % 2 == 0 ? "a" : "b" : $"{i}")];
            Predictor predictor = Create(
                target, "kind", classification ? LossKind.CrossEntropy : LossKind.MeanSquaredError, new() { Missing = MissingKind.Refuse }, whole);
            using OnnxRun run = Save(predictor);
            string[] hole = [.. whole[1]];
            hole[column] = "";
            Assert.Throws<BadInputException>(() => predictor.PredictRow(Row(hole)));
            OnnxAnswer answer = run.Run(InputColumns, [whole[0], hole, whole[2]]);
            int width = classification ? 2 : 1;
            Assert.Equal([false, true, false], Enumerable.Range(0, 3).Select(row => answer.Values[(row * width)..((row + 1) * width)].All(double.IsNaN)));
            if (classification)
            {
                Assert.Equal((string?[])[predictor.PredictRow(Row(whole[0])).Class, "", predictor.PredictRow(Row(whole[2])).Class], answer.Labels!);
            }
        }
    }

    [Fact]
    public void A_column_of_one_category_or_number_can_be_exported()
    {
        string path = _directory.Write("one.csv", "x,kind\n1,a\n2,b\n3,a\n4,b\n");
        Dataset data = Dataset.FromTable(path, new() { Splits = new() { Test = 0 }, Preparation = new() { Scaling = ScalingKind.None } });
        ModelSpec spec = new() { Inputs = data.Features, Outputs = 2, Hidden = [] };
        using var predictor = new Predictor(spec, new Samples(spec, 1, 3).State, preparation: data.Preparation);
        using OnnxRun run = Save(predictor);
        Assert.Equal(predictor.PredictRow(new Dictionary<string, object?> { ["x"] = 3 }).Class, run.Run(["x"], [["3"]]).Labels!.Single());
    }

    private static string[] InputColumns => [.. Columns.Select((name, i) => name.Length > 0 ? name : $"column {i + 1}")];

    private static string[][] CreateRows(int count)
    {
        var random = new Random(11);
        string[] colours = ["red", "white", "Grün", "", "light blue"];
        string[] cities = ["Rome", "\"Oslo\"", "a,b"];
        return [.. Enumerable.Range(0, count).Select(i => (string[])
        [
            $"{i}",
            Text(random.NextDouble() * 100),
            Text(1.7e9 + (random.NextDouble() * 1e5)),
            colours[random.Next(colours.Length)],
            random.Next(4) == 0 ? "" : Text(random.Next(-5, 5)),
            cities[random.Next(cities.Length)],
            Text(random.NextDouble() * 1e-3),
        ])];
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static Dictionary<string, object?> Row(string[] row) =>
        InputColumns.Zip(row).ToDictionary(cell => cell.First, cell => cell.Second.Length > 0 ? (object?)cell.Second : null);

    private string WriteTable(string name, string[][] rows, string[] target, string targetName) => _directory.Write(name, string.Concat(
    [
        string.Join(',', Columns.Append(targetName).Select(Quote)) + "\n",
        .. rows.Zip(target, (row, answer) => string.Join(',', row.Append(answer).Select(Quote)) + "\n"),
    ]));

    private static string Quote(string text) =>
        text.AsSpan().IndexOfAny(',', '"') >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private Predictor Create(string[] target, string name, LossKind loss, PreparationOptions preparation, string[][]? rows = null)
    {
        string path = WriteTable("table.csv", rows ?? _rows, target, name);
        Dataset data = Dataset.FromTable(path, new() { Target = name, Splits = new() { Test = 0.2 }, Preparation = preparation });
        ModelSpec spec = new()
        {
            Inputs = data.Features,
            Outputs = data.Outputs,
            Hidden = [new() { Units = 12, Activation = ActivationKind.Tanh }],
            Loss = loss,
        };
        return new(spec, new Samples(spec, 1, seed: 12).State, preparation: data.Preparation);
    }

    private OnnxRun Save(Predictor predictor)
    {
        string path = _directory["table.onnx"];
        predictor.SaveOnnx(path);
        return new(path);
    }
}
