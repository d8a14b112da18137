using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using CsvHelper;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;

namespace NnCluster.Cli.Commands;

/// <summary>
/// Answers of a model for the rows of a table: a CSV with the columns of the table and, behind them, the prediction and, for a
/// classification, the probability of each class.
/// </summary>
/// <param name="predictor">The model.</param>
/// <param name="preparation">Its preparation.</param>
internal sealed class TablePrediction(Predictor predictor, Preparation preparation)
{
    private const int RowsAtOnce = 256;

    private string PredictionColumn => $"predicted {preparation.Target}";

    // Outputs of a classification by squared error are no probabilities.
    private string ClassColumn => predictor.GivesProbabilities ? "probability" : "output";

    private IEnumerable<string> ProbabilityColumns => preparation.Classes.Select(name => $"{ClassColumn} {name}");

    /// <summary>Writes a row of output for each row of a table.</summary>
    /// <param name="path">The table.</param>
    /// <param name="output">Receives the CSV.</param>
    /// <param name="warn">Receives lines about columns that are ignored and categories that the model does not know.</param>
    /// <exception cref="BadInputException">The table cannot be read, or a value cannot be used; the message names it.</exception>
    public void Write(string path, TextWriter output, Action<string> warn)
    {
        using TableSource source = PreparedRows.OpenSource(path, preparation);
        int[] kept = KeptColumns(source);
        using CsvWriter csv = CsvWriter.Create(output, new(), leaveOpen: true);
        WriteHeader(csv, kept.Select(column => source.Columns[column]));
        foreach ((string[] texts, float[] outputs) in Answers(source, kept, warn))
        {
            foreach (string text in texts)
            {
                csv.WriteField(text);
            }

            csv.WriteField(AnswerText(outputs));
            foreach (float probability in preparation.Classes.IsEmpty ? [] : outputs)
            {
                csv.WriteField(probability.ToString("R", CultureInfo.InvariantCulture));
            }

            csv.EndRecord();
        }
    }

    /// <summary>The answers for the rows of a table as JSON.</summary>
    public JsonArray ToJson(string path, Action<string> warn)
    {
        using TableSource source = PreparedRows.OpenSource(path, preparation);
        var answers = new JsonArray();
        foreach ((_, float[] outputs) in Answers(source, [], warn))
        {
            var answer = new JsonObject();
            if (preparation.Task == ModelTask.Regression)
            {
                answer["prediction"] = JsonNumbers.Of(preparation.ToTarget(outputs[0]));
            }
            else
            {
                answer["prediction"] = AnswerText(outputs);
                var probabilities = new JsonObject();
                foreach ((int index, string name) in preparation.Classes.Index())
                {
                    probabilities[name] = JsonNumbers.Of(outputs[index]);
                }

                answer[predictor.GivesProbabilities ? "probabilities" : "outputs"] = probabilities;
            }

            answers.Add(answer);
        }

        return answers;
    }

    private void WriteHeader(CsvWriter csv, IEnumerable<string> kept)
    {
        foreach (string name in (IEnumerable<string>)[.. kept, PredictionColumn, .. ProbabilityColumns])
        {
            csv.WriteField(name);
        }

        csv.EndRecord();
    }

    /// <summary>Columns that the output repeats: all that are readable, but those that it adds.</summary>
    private int[] KeptColumns(TableSource source)
    {
        HashSet<string> added = [PredictionColumn, .. ProbabilityColumns];
        if (preparation.Columns.FirstOrDefault(column => added.Contains(column.Name)) is { } input)
        {
            throw new BadInputException($"the model reads a column {input.Name}, which the predictions would replace; use --json.");
        }

        return [.. Enumerable.Range(0, source.Columns.Length).Where(column => source.IsReadable(column) && !added.Contains(source.Columns[column]))];
    }

    private string AnswerText(float[] outputs) => preparation.Task == ModelTask.Regression
        ? preparation.ToTarget(outputs[0]).ToString("R", CultureInfo.InvariantCulture)
        : preparation.Classes[Classification.ArgMax(outputs)];

    private IEnumerable<(string[] Texts, float[] Outputs)> Answers(TableSource source, int[] kept, Action<string> warn)
    {
        using var rows = new PreparedRows(source, preparation, needsTarget: false);
        float[] features = new float[RowsAtOnce * preparation.Features];
        float[] outputs = new float[RowsAtOnce * predictor.Outputs];
        List<string[]> texts = [];
        bool more = true;
        while (more)
        {
            texts.Clear();
            while (texts.Count < RowsAtOnce && (more = rows.Read(features.AsSpan(texts.Count * preparation.Features, preparation.Features))))
            {
                texts.Add([.. kept.Select(column => source.GetText(column).ToString())]);
            }

            predictor.Predict(
                features.AsSpan(0, texts.Count * preparation.Features), texts.Count, outputs.AsSpan(0, texts.Count * predictor.Outputs));
            for (int i = 0; i < texts.Count; i++)
            {
                yield return (texts[i], outputs[(i * predictor.Outputs)..((i + 1) * predictor.Outputs)]);
            }
        }

        foreach (string warning in rows.Warnings)
        {
            warn(warning);
        }
    }
}
