using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Prediction;

namespace NnCluster.Cli.Serving;

/// <summary>Answers of a request.</summary>
/// <param name="Body">Response as JSON, with <c>predictions</c> and <c>warnings</c>.</param>
/// <param name="Rows">Number of rows answered.</param>
internal sealed record ServedAnswer(JsonObject Body, int Rows);

/// <summary>Answers requests with rows as JSON. Thread-safe.</summary>
/// <param name="predictor">The model.</param>
/// <param name="classNames">Names of the classes of a model without a preparation; empty if they are not known.</param>
/// <param name="step">Step of the run that the model comes from; null if it is not known.</param>
/// <param name="inputsArePixels">Whether the inputs are bytes times 1/255.</param>
internal sealed class PredictionService(Predictor predictor, ImmutableArray<string> classNames, bool inputsArePixels, long? step)
{
    /// <summary>Largest number of rows in a request.</summary>
    public const int MostRows = 100_000;

    // Inputs or outputs of all rows of a request: 256 MiB of float32.
    private const int MostValues = 1 << 26;

    /// <summary>The model: its task, columns, classes and shape, as JSON.</summary>
    public JsonObject Describe()
    {
        var model = new JsonObject
        {
            ["task"] = IsRegression ? "regression" : "classification",
            ["inputs"] = predictor.Inputs,
            ["outputs"] = predictor.Outputs,
            ["step"] = step,
        };
        if (predictor.Preparation is { } preparation)
        {
            model["target"] = preparation.Target;
            model["columns"] = new JsonArray([.. preparation.Columns.Select(ToJson)]);
        }

        if (predictor.Images is { } images)
        {
            model["images"] = new JsonObject
            {
                ["width"] = images.Width,
                ["height"] = images.Height,
                ["colour"] = CliOption.NameOf(images.Colour),
            };
        }

        if (!Classes.IsEmpty)
        {
            model["classes"] = new JsonArray([.. Classes.Select(name => JsonValue.Create(name))]);
        }

        return model;
    }

    /// <summary>Answers a request.</summary>
    /// <param name="request">
    /// An object with <c>rows</c>, or the array of rows itself: objects by the names of the columns for a model of a table, else arrays of
    /// the inputs as in training.
    /// </param>
    /// <exception cref="BadInputException">The request cannot be used; the message names the row and the column.</exception>
    public ServedAnswer Answer(JsonElement request)
    {
        JsonElement rows = request;
        if (request.ValueKind == JsonValueKind.Object && !request.TryGetProperty("rows", out rows))
        {
            throw new BadInputException("the request has no \"rows\"; expected {\"rows\": [ … ]}.");
        }

        if (request.ValueKind == JsonValueKind.Object && request.EnumerateObject().Count(member => member.NameEquals("rows")) > 1)
        {
            throw new BadInputException("the request has \"rows\" twice.");
        }

        if (rows.ValueKind != JsonValueKind.Array)
        {
            throw new BadInputException("the rows are no array; expected {\"rows\": [ … ]}.");
        }

        int count = rows.GetArrayLength();
        if (count > MostRows)
        {
            throw new BadInputException($"the request has {count} rows; at most {MostRows} are answered at once.");
        }

        int width = Math.Max(predictor.Inputs, predictor.Outputs);
        if ((long)count * width > MostValues)
        {
            throw new BadInputException($"the request has {count} rows; at most {MostValues / width} of this model are answered at once.");
        }

        int wrong = predictor.Preparation is null
            ? rows.EnumerateArray().Index().FirstOrDefault(row => !HasInputs(row.Item), (-1, default)).Index
            : -1;
        if (wrong >= 0)
        {
            throw new BadInputException($"row {wrong + 1} is no array of {predictor.Inputs} numbers, the inputs of the model.");
        }

        float[] features = new float[count * predictor.Inputs];
        List<string> warnings = [];
        if (predictor.Preparation is { } preparation)
        {
            Prepare(rows, preparation, features, warnings);
        }
        else
        {
            Copy(rows, features);
        }

        float[] outputs = new float[count * predictor.Outputs];
        predictor.Predict(features, count, outputs);
        var body = new JsonObject
        {
            ["predictions"] = new JsonArray([.. Enumerable.Range(0, count)
                .Select(row => ToJson(outputs.AsSpan(row * predictor.Outputs, predictor.Outputs)))]),
        };
        if (warnings.Count > 0)
        {
            body["warnings"] = new JsonArray([.. warnings.Select(warning => JsonValue.Create(warning))]);
        }

        return new(body, count);
    }

    private bool IsRegression =>
        predictor.Preparation is { } preparation ? preparation.Task == ModelTask.Regression : !predictor.GivesProbabilities && classNames.IsEmpty;

    private ImmutableArray<string> Classes => predictor.Preparation?.Classes
        ?? (classNames.Length == predictor.Outputs || IsRegression ? classNames : [.. Enumerable.Range(0, predictor.Outputs).Select(c => $"{c}")]);

    private void Prepare(JsonElement rows, Preparation preparation, float[] features, List<string> warnings)
    {
        var source = new JsonRows(rows, preparation);
        using var prepared = new PreparedRows(source, preparation, needsTarget: false);
        for (int offset = 0; offset < features.Length; offset += predictor.Inputs)
        {
            prepared.Read(features.AsSpan(offset, predictor.Inputs));
        }

        warnings.AddRange(prepared.Warnings);
        string[] unknown = [.. source.Unknown.Where(name => name != preparation.Target)];
        if (unknown.Length > 0)
        {
            warnings.Add($"not used by the model: {ColumnNames.List(unknown)}");
        }
    }

    private bool HasInputs(JsonElement row) => row.ValueKind == JsonValueKind.Array && row.GetArrayLength() == predictor.Inputs;

    private void Copy(JsonElement rows, float[] features)
    {
        int row = 0;
        foreach (JsonElement values in rows.EnumerateArray())
        {
            int column = 0;
            foreach (JsonElement value in values.EnumerateArray())
            {
                float number = value.ValueKind == JsonValueKind.Number ? value.GetSingle() : float.NaN;
                bool isInput = inputsArePixels ? number is >= 0 and <= 1 : float.IsFinite(number);
                features[(row * predictor.Inputs) + column] = isInput ? number : throw new BadInputException(
                    $"row {row + 1}: value {column + 1} is {value.GetRawText()}; "
                    + $"expected {(inputsArePixels ? "a pixel from 0 to 1: its byte times 1/255" : "a finite number")}.");
                column++;
            }

            row++;
        }
    }

    private JsonObject ToJson(ReadOnlySpan<float> outputs)
    {
        if (IsRegression)
        {
            return predictor.Preparation is { } preparation
                ? new() { ["prediction"] = JsonNumbers.Of(preparation.ToTarget(outputs[0])) }
                : new() { ["outputs"] = new JsonArray([.. outputs.ToArray().Select(value => JsonNumbers.Of(value))]) };
        }

        var scores = new JsonObject();
        foreach ((int index, string name) in Classes.Index())
        {
            scores[name] = JsonNumbers.Of(outputs[index]);
        }

        return new()
        {
            ["prediction"] = Classes[Classification.ArgMax(outputs)],
            [predictor.GivesProbabilities ? "probabilities" : "outputs"] = scores,
        };
    }

    private static JsonObject ToJson(InputColumn column) => column is CategoryColumn text
        ? new()
        {
            ["name"] = column.Name,
            ["kind"] = "text",
            ["categories"] = new JsonArray([.. text.Categories.Select(name => JsonValue.Create(name))]),
            ["mayBeMissing"] = text.Fill is not null,
        }
        : new() { ["name"] = column.Name, ["kind"] = "number", ["mayBeMissing"] = ((NumberColumn)column).Fill is not null };
}
