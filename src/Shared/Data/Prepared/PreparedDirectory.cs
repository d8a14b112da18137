using System.Runtime.InteropServices;
using System.Text.Json;

namespace NnCluster.Data;

/// <summary>
/// A data set that was prepared once, in a directory: its features are mapped into memory and never loaded. The directory holds float32
/// features of each part, its classes or targets, and a description with the preparation.
/// </summary>
public static class PreparedDirectory
{
    /// <summary>Whether a directory holds a prepared data set.</summary>
    public static bool Exists(string path) => File.Exists(Path.Combine(path, PreparedFiles.Description));

    /// <summary>Opens a prepared data set. Its description and the sizes of its files are checked; <see cref="Verify"/> checks their content.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="options">
    /// Target, parts and preparation; they must be the ones that the directory was prepared with, or the defaults.
    /// </param>
    /// <exception cref="BadInputException">It is no prepared data set, is damaged, or was prepared otherwise.</exception>
    public static Dataset Open(string path, TableOptions? options = null)
    {
        PreparedDescription described = Describe(path);
        if (options is not null)
        {
            PreparedOptions.RequireAgree(options, described, path);
        }

        try
        {
            Preparation preparation = described.Preparation;
            return new(
                described.Name, Part(path, 0, described.TrainRows, preparation), Part(path, 2, described.TestRows, preparation),
                preparation.Classes.Length, preparation.Task == ModelTask.Regression ? 1 : 0,
                preparation.Classes.IsEmpty ? default : preparation.Classes)
            {
                Validation = Part(path, 1, described.ValidationRows, preparation),
                Preparation = preparation,
                Notes = [$"prepared directory {path}; the options that it was prepared with apply", .. described.Notes],
                KnownSha256 = described.Sha256,
            };
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException($"{path} cannot be read: {failed.Message}", failed);
        }
    }

    /// <summary>Computes the SHA-256 of the content and compares it with the one that is stored. Reads every file.</summary>
    /// <param name="path">The directory.</param>
    /// <returns>The SHA-256, in lower-case hexadecimal.</returns>
    /// <exception cref="BadInputException">The content was changed, or cannot be read.</exception>
    public static string Verify(string path)
    {
        Dataset data = Open(path);
        data.VerifyContent();
        return data.Sha256;
    }

    internal static PreparedDescription Describe(string path)
    {
        string file = Path.Combine(path, PreparedFiles.Description);
        try
        {
            byte[] json = File.ReadAllBytes(file);
            using (var version = JsonDocument.Parse(json))
            {
                if (version.RootElement.ValueKind != JsonValueKind.Object
                    || !version.RootElement.TryGetProperty("formatVersion", out JsonElement stated)
                    || !stated.TryGetInt32(out int number)
                    || number < 1)
                {
                    throw new BadInputException($"{file}: has no formatVersion; expected the description of a prepared data set.");
                }

                if (number > PreparedFiles.FormatVersion)
                {
                    throw new BadInputException(
                        $"{file}: has format version {number}, and this program reads up to {PreparedFiles.FormatVersion}; "
                        + "use a newer program.");
                }
            }

            PreparedDescription described = JsonSerializer.Deserialize(json, PreparedJson.Default.PreparedDescription)!;
            Preparation checkedOne = Preparation.Parse(described.Preparation.ToJson(), file);
            if (described.Digest != described.ComputeDigest())
            {
                throw new BadInputException(described.Digest.Length == 0
                    ? $"{file} has no digest; prepare the table again."
                    : $"{file} was changed after it was written; prepare the table again.");
            }

            return described.Features == checkedOne.Features && described.Notes.All(note => note is not null)
                && described is { TrainRows: > 0, ValidationRows: >= 0, TestRows: >= 0 }
                ? described
                : throw new BadInputException($"{file}: its numbers of rows or features are impossible; prepare the table again.");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new BadInputException($"{file} cannot be read: {wrong.Message}", wrong);
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} is no prepared directory: {wrong.Message}", wrong);
        }
    }

    private static DataSplit Part(string path, int part, int rows, Preparation preparation)
    {
        string features = Path.Combine(path, PreparedFiles.Features(PreparedFiles.Parts[part]));
        string answers = Path.Combine(path, PreparedFiles.Answers(PreparedFiles.Parts[part], preparation.Task));
        RequireLength(features, (long)rows * preparation.Features * sizeof(float));
        RequireLength(answers, (long)rows * sizeof(float));
        IRowSource matrix = rows == 0
            ? FeatureMatrix.FromFloats(ReadOnlyMemory<float>.Empty, preparation.Features)
            : new MappedFile(features).Rows(0, rows, preparation.Features, areBytes: false);
        return preparation.Task == ModelTask.Classification
            ? DataSplit.Classification(matrix, ReadAnswers<int>(answers, rows))
            : DataSplit.Regression(matrix, ReadAnswers<float>(answers, rows), 1);
    }

    private static void RequireLength(string file, long expected)
    {
        var found = new FileInfo(file);
        if (!found.Exists || found.Length != expected)
        {
            throw new BadInputException(
                $"{file}: {(found.Exists ? $"has {found.Length} bytes" : "is missing")}; expected {expected} bytes; "
                + "prepare the table again.");
        }
    }

    private static T[] ReadAnswers<T>(string file, int rows)
        where T : unmanaged
    {
        var answers = new T[rows];
        using FileStream stream = File.OpenRead(file);
        const int AtOnce = 1 << 20;
        for (int first = 0; first < rows; first += AtOnce)
        {
            stream.ReadExactly(MemoryMarshal.AsBytes(answers.AsSpan(first, Math.Min(AtOnce, rows - first))));
        }

        return answers;
    }
}
