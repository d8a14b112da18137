using System.Buffers;
using System.Globalization;
using System.Text;
using CsvHelper;

namespace NnCluster.Data;

/// <summary>
/// A data set in a CSV file in UTF-8; the separator (comma, semicolon, tab or |) is detected. Every column but the last is a feature,
/// a finite number that is not scaled. The first line is a header if none of its features is a number. The last column decides the
/// task, see <see cref="CsvAnswers"/>: class names or integers make a classification, numbers that are not all integers a
/// regression. Every seventh row (the 7th, 14th, …) is a test row, the others are training rows, in file order.
/// </summary>
public static class CsvFile
{
    private const int TestEvery = 7;
    private const int LongestQuote = 40;

    private static readonly CsvReaderOptions Options = new()
    {
        HasHeader = false,
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
    };

    /// <summary>Reads a data set, named after the file.</summary>
    /// <exception cref="BadInputException">The file cannot be read or used; the message names the line and the column.</exception>
    public static Dataset Read(string path)
    {
        try
        {
            using CsvReader reader = CsvReader.FromFile(path, Options);
            return Read(reader, path);
        }
        catch (CsvFormatException malformed)
        {
            throw new BadInputException($"{path}, line {malformed.LineNumber}: {malformed.Message}", malformed);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} cannot be read: {failed.Message}", failed);
        }
    }

    private static Dataset Read(CsvReader reader, string path)
    {
        if (!reader.Read())
        {
            throw new BadInputException($"{path} is empty; expected rows of numbers, the last column being the class or the target.");
        }

        int features = reader.FieldCount - 1;
        if (features < 1)
        {
            throw new BadInputException(
                $"{path}, line {reader.LineNumber}: only one column; expected features and, last, the class or the target, "
                + "separated by comma, semicolon, tab or |.");
        }

        string[]? header = IsHeader(reader, features) ? [.. Enumerable.Range(0, features + 1).Select(reader.GetString)] : null;
        ArrayBufferWriter<float> train = new();
        ArrayBufferWriter<float> test = new();
        CsvAnswers answers = new(path, Column(features, header));
        bool more = header is null || reader.Read();
        for (int row = 1; more; row++, more = reader.Read())
        {
            if (reader.FieldCount != features + 1)
            {
                throw new BadInputException(
                    $"{path}, line {reader.LineNumber}: {reader.FieldCount} columns; expected {features + 1} as in the first line.");
            }

            ReadFeatures(reader, (row % TestEvery == 0 ? test : train).GetSpan(features)[..features], path, header);
            (row % TestEvery == 0 ? test : train).Advance(features);
            answers.Add(reader.GetString(features), reader.LineNumber);
        }

        if (answers.Count == 0)
        {
            throw new BadInputException($"{path} has a header and no rows.");
        }

        return answers.ToDataset(
            Path.GetFileName(path),
            FeatureMatrix.FromFloats(train.WrittenMemory, features),
            FeatureMatrix.FromFloats(test.WrittenMemory, features),
            row => (row + 1) % TestEvery == 0);
    }

    private static bool IsHeader(CsvReader reader, int features)
    {
        for (int i = 0; i < features; i++)
        {
            if (TryParse(reader.GetSpan(i), out _))
            {
                return false;
            }
        }

        return true;
    }

    private static void ReadFeatures(CsvReader reader, Span<float> features, string path, string[]? header)
    {
        for (int i = 0; i < features.Length; i++)
        {
            ReadOnlySpan<byte> field = reader.GetSpan(i);
            if (!TryParse(field, out features[i]) || !float.IsFinite(features[i]))
            {
                string found = field.IsEmpty ? "is empty" : $"has {Quote(Encoding.UTF8.GetString(field))}";
                throw new BadInputException($"{path}, line {reader.LineNumber}: {Column(i, header)} {found}; expected a finite number.");
            }
        }
    }

    private static bool TryParse(ReadOnlySpan<byte> field, out float value) =>
        float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static string Column(int index, string[]? header) =>
        header is null ? $"column {index + 1}" : $"column {index + 1} ({header[index]})";

    /// <summary>A field for a message: in quotes, without control characters, shortened.</summary>
    internal static string Quote(string field)
    {
        string shown = field.Length > LongestQuote ? field[..LongestQuote] + "…" : field;
        return $"\"{string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c))}\"";
    }
}
