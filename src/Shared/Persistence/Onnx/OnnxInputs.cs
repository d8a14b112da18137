using System.Collections.Immutable;
using NnCluster.Data;
using NnCluster.Persistence.Onnx;
using DataType = NnCluster.Persistence.Onnx.TensorProto.Types.DataType;

namespace NnCluster.Persistence;

/// <summary>
/// The inputs of a graph, and the way from them to the features of the network. Of a table: one input [N, 1] for each column,
/// prepared in double precision as <see cref="NumberColumn.Encode"/> and <see cref="CategoryColumn.TryEncode"/> do.
/// </summary>
internal static class OnnxInputs
{
    /// <summary>Name of the input of a model that was trained on bytes.</summary>
    public const string Pixels = "pixels";

    /// <summary>Name of the input of a model that was trained on numbers without a preparation.</summary>
    public const string Features = "features";

    // Values of LabelEncoder that are no index of a category: an unknown text, and a missing value that training refused.
    private const long Unknown = -1;
    private const long Refused = -2;

    /// <summary>Adds the inputs.</summary>
    /// <returns>
    /// Name of the features, (rows, inputs) in float32; and whether a missing value that training refused makes a feature NaN.
    /// </returns>
    public static (string Features, bool CanBeRefused) Add(OnnxGraph graph, OnnxSource source)
    {
        int inputs = source.Spec.Inputs;
        if (source.Preparation is { } preparation)
        {
            bool refuses = preparation.Columns.Any(column => column is NumberColumn { Fill: null } or CategoryColumn { Fill: null });
            return (AddColumns(graph, preparation.Columns), refuses);
        }

        if (!source.Origin.IsPixels)
        {
            return (graph.Input(Features, DataType.Float, inputs, "features as the network was trained on them"), false);
        }

        string pixels = graph.Input(Pixels, DataType.Uint8, inputs, "0 to 255, row by row from the top; of RGB, the three colours of a pixel next to each other");
        string floats = graph.Node("Cast", "pixels as float32", [pixels], OnnxGraph.To(DataType.Float));
        return (graph.Node("Mul", "scaled pixels", [floats, graph.Constant("pixel factor", [PixelScaling.Factor])]), false);
    }

    private static string AddColumns(OnnxGraph graph, ImmutableArray<InputColumn> columns)
    {
        // Inputs first: their names are those of the columns, whatever the other values are called.
        string[] inputs = [.. columns.Select((column, index) => AddInput(graph, column, index))];
        List<string> features = [];
        for (int first = 0; first < columns.Length;)
        {
            int end = first + 1;
            if (columns[first] is NumberColumn number)
            {
                // Neighbours of one type are prepared together: fewer and larger operators.
                while (end < columns.Length && columns[end] is NumberColumn next && IsDouble(next) == IsDouble(number))
                {
                    end++;
                }

                features.Add(AddNumbers(graph, [.. columns[first..end].Cast<NumberColumn>()], inputs[first..end]));
            }
            else
            {
                features.Add(AddCategories(graph, (CategoryColumn)columns[first], inputs[first]));
            }

            first = end;
        }

        return Concat(graph, "features", [.. features]);
    }

    private static string AddInput(OnnxGraph graph, InputColumn column, int index)
    {
        // An empty name stands for an absent input in ONNX.
        string name = column.Name.Length > 0 ? column.Name : $"column {index + 1}";
        const string refused = "which makes the answer NaN";
        return column switch
        {
            NumberColumn number => graph.Input(
                name,
                IsDouble(number) ? DataType.Double : DataType.Float,
                1,
                "number; NaN if it is missing, "
                + (number.Fill is { } fill ? FormattableString.Invariant($"which becomes {fill:R}") : refused)),
            CategoryColumn text => graph.Input(
                name,
                DataType.String,
                1,
                $"text, one of {text.Categories.Length} categories; empty if it is missing, "
                + (text.Fill is { } fill ? $"which becomes {fill}" : refused)),
            _ => throw new BadInputException($"the column {column.Name} has no form in ONNX"),
        };
    }

    /// <summary>Numbers far from 0 lose digits in float32; their distance from the origin does not.</summary>
    private static bool IsDouble(NumberColumn column) => column.Origin != 0;

    /// <summary>(float)((origin + (float)(x − origin) − shift) · scale), with a missing x filled; x is (rows, columns).</summary>
    private static string AddNumbers(OnnxGraph graph, NumberColumn[] columns, string[] inputs)
    {
        bool isDouble = IsDouble(columns[0]);
        long width = columns.Length;
        string x = Concat(graph, "numbers", inputs);
        if (columns.Any(column => column.Fill is not null))
        {
            double[] fills = [.. columns.Select(column => column.Fill ?? double.NaN)];
            string fill = isDouble
                ? graph.Constant("fill", fills, 1, width)
                : graph.Constant("fill", Array.ConvertAll(fills, value => (float)value), 1, width);
            x = graph.Node("Where", "filled", [graph.Node("IsNaN", "is missing", [x]), fill, x]);
        }

        if (!isDouble && columns.All(column => column is { Shift: 0, Scale: 1 }))
        {
            return x;
        }

        string? origin = isDouble ? Row("origin", column => column.Origin) : null;
        if (origin is not null)
        {
            x = graph.Node("Sub", "distances", [x, origin]);
            x = graph.Node("Cast", "rounded distances", [x], OnnxGraph.To(DataType.Float));
        }

        x = graph.Node("Cast", "numbers as float64", [x], OnnxGraph.To(DataType.Double));
        x = origin is null ? x : graph.Node("Add", "rounded numbers", [origin, x]);
        x = graph.Node("Sub", "shifted", [x, Row("shift", column => column.Shift)]);
        x = graph.Node("Mul", "scaled", [x, Row("scale", column => column.Scale)]);
        return graph.Node("Cast", "prepared numbers", [x], OnnxGraph.To(DataType.Float));

        string Row(string name, Func<NumberColumn, double> value) =>
            graph.Constant(name, [.. columns.Select(value)], 1, width);
    }

    /// <summary>1 at the index of the category and 0 elsewhere, (rows, categories); an unknown text gives 0 everywhere.</summary>
    private static string AddCategories(OnnxGraph graph, CategoryColumn column, string text)
    {
        int count = column.Categories.Length;
        List<string> keys = [.. column.Categories];
        List<long> values = [.. Enumerable.Range(0, count).Select(index => (long)index)];
        if (!keys.Contains(string.Empty))
        {
            keys.Add(string.Empty);
            values.Add(column.Fill is { } fill ? column.Categories.IndexOf(fill) : Refused);
        }

        string index = graph.Node(
            "LabelEncoder",
            $"index of {text}",
            [text],
            [
                OnnxGraph.Attribute("keys_strings", keys),
                OnnxGraph.Attribute("values_int64s", values),
                OnnxGraph.Attribute("default_int64", Unknown),
            ],
            domain: OnnxGraph.MachineLearning);
        string all = graph.Constant($"indices of {text}", values.ToArray().AsSpan(0, count), 1, count);
        string isCategory = graph.Node("Equal", $"is category of {text}", [index, all]);
        string features = graph.Node("Cast", $"categories of {text}", [isCategory], OnnxGraph.To(DataType.Float));
        if (!values.Contains(Refused))
        {
            return features;
        }

        string isRefused = graph.Node("Equal", $"is missing in {text}", [index, graph.Constant("refused", [Refused])]);
        return graph.Node("Where", $"checked categories of {text}", [isRefused, graph.Constant("not a number", [float.NaN]), features]);
    }

    private static string Concat(OnnxGraph graph, string name, string[] parts) =>
        parts.Length == 1 ? parts[0] : graph.Node("Concat", name, parts, [OnnxGraph.Attribute("axis", 1)]);
}
