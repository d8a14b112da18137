using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
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
internal sealed class PredictionService(Predictor predictor, ImmutableArray<string> classNames)
{
    /// <summary>Largest number of rows in a request.</summary>
    public const int MostRows = 100_000;

    /// <summary>The model: its task, columns, classes and shape, as JSON.</summary>
    public JsonObject Describe()
    {
        var model = new JsonObject
        {
            ["task"] = IsRegression ? "regression" : "classification",
            ["inputs"] = predictor.Inputs,
            ["outputs"] = predictor.Outputs,
        };
        if (predictor.Preparation is { } preparation)
        {
            model["target"] = preparation.Target;
            model["columns"] = new JsonArray([.. preparation.Columns.Select(ToJson)]);
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

        if (rows.ValueKind != JsonValueKind.Array)
        {
            throw new BadInputException("the rows are no array; expected {\"rows\": [ … ]}.");
        }

        int count = rows.GetArrayLength();
        if (count > MostRows)
        {
            throw new BadInputException($"the request has {count} rows; at most {MostRows} are answered at once.");
        }

        float[] features = new float[checked(count * predictor.Inputs)];
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

    private void Copy(JsonElement rows, float[] features)
    {
        int row = 0;
        foreach (JsonElement values in rows.EnumerateArray())
        {
            if (values.ValueKind != JsonValueKind.Array || values.GetArrayLength() != predictor.Inputs)
            {
                throw new BadInputException($"row {row + 1} is no array of {predictor.Inputs} numbers, the inputs of the model.");
            }

            int column = 0;
            foreach (JsonElement value in values.EnumerateArray())
            {
                features[(row * predictor.Inputs) + column] = value.ValueKind == JsonValueKind.Number && float.IsFinite(value.GetSingle())
                    ? value.GetSingle()
                    : throw new BadInputException($"row {row + 1}: value {column + 1} is {value.GetRawText()}; expected a finite number.");
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
                ? new() { ["prediction"] = preparation.ToTarget(outputs[0]) }
                : new() { ["outputs"] = new JsonArray([.. outputs.ToArray().Select(value => JsonValue.Create(value))]) };
        }

        var scores = new JsonObject();
        foreach ((int index, string name) in Classes.Index())
        {
            scores[name] = outputs[index];
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
