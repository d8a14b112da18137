using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace NnCluster.Data;

/// <summary>
/// Turns a table into a <see cref="PreparedDirectory"/> in one pass over its file. Memory: up to 32 bytes a row while the parts are drawn,
/// the different texts of columns and groups, some blocks of rows, and, for medians and most frequent values, 128 MiB or one column. The raw values go to
/// a temporary file of 4 bytes a value, and from there to the features.
/// </summary>
public static class PreparedDirectoryWriter
{
    private const string Cells = "cells.tmp";

    /// <summary>Prepares a table.</summary>
    /// <param name="source">The table: a file, or a pipe that is read once.</param>
    /// <param name="directory">The directory, which must not exist; it appears when it is complete.</param>
    /// <param name="options">Target, task, parts and preparation.</param>
    /// <param name="cancellation">Ends the work; nothing is left behind.</param>
    /// <returns>The data set, opened from the directory.</returns>
    /// <exception cref="BadInputException">The table cannot be used, or the directory cannot be written.</exception>
    public static Dataset Write(string source, string directory, TableOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        options ??= new();
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (Path.Exists(target))
        {
            throw new BadInputException($"{directory} exists; give a directory that does not, or remove it first.");
        }

        string parent = Path.GetDirectoryName(target)!;
        string temporary = Path.Combine(parent, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.tmp");
        using TableSource table = TableFile.Open(source, options.Header);
        try
        {
            Directory.CreateDirectory(temporary);
            WriteFiles(table, temporary, options, cancellation);
            Directory.Move(temporary, target);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{directory} cannot be written: {failed.Message}", failed);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }

        return PreparedDirectory.Open(directory);
    }

    private static void WriteFiles(TableSource source, string directory, TableOptions options, CancellationToken cancellation)
    {
        PreparedDescription described;
        using (Table table = TableReader.Read(
            source, options, columns => new CellsInFile(columns, Path.Combine(directory, Cells), cancellation)))
        {
            Report(options, table.Path, "fitting the preparation");
            var plan = new TablePlan(table, options);
            described = WriteParts(table, plan, options, directory);
        }

        WriteDescription(directory, described);
        Report(options, source.Path, "computing the SHA-256 of the content");
        cancellation.ThrowIfCancellationRequested();
        WriteDescription(directory, described with { Sha256 = new DatasetBytes(PreparedDirectory.Open(directory)).Sha256() });
    }

    private static PreparedDescription WriteParts(Table table, TablePlan plan, TableOptions options, string directory)
    {
        Preparation preparation = plan.Preparation;
        (int Rows, string[] Notes)[] parts = new (int, string[])[3];
        UnknownTexts[][] unknown;
        Report(options, table.Path, "writing the features");
        using (FloatFile train = Features(0), validation = Features(1), test = Features(2))
        {
            unknown = new RowEncoder(table, preparation).Encode((plan.Train, train), (plan.Validation, validation), (plan.Test, test));
            parts[0] = WriteAnswers(0, plan.Train);
            parts[2] = options.TestFile is { } file ? ReadPart(2, file, test) : WriteAnswers(2, plan.Test);
            parts[1] = options.ValidationFile is { } other ? ReadPart(1, other, validation) : WriteAnswers(1, plan.Validation);
            train.Complete();
            validation.Complete();
            test.Complete();
        }

        return new()
        {
            FormatVersion = PreparedFiles.FormatVersion,
            Name = Path.GetFileName(table.Path),
            Sha256 = "",
            Features = preparation.Features,
            TrainRows = parts[0].Rows,
            ValidationRows = parts[1].Rows,
            TestRows = parts[2].Rows,
            Options = options with
            {
                Progress = null,
                TestFile = options.TestFile is { } tested ? Path.GetFullPath(tested) : null,
                ValidationFile = options.ValidationFile is { } validated ? Path.GetFullPath(validated) : null,
            },
            Preparation = preparation,
            Notes = [.. TableNotes.Of(table, options, plan, unknown[1], unknown[2]), .. parts[2].Notes, .. parts[1].Notes],
        };

        FloatFile Features(int part) => new(Path.Combine(directory, PreparedFiles.Features(PreparedFiles.Parts[part])));

        string Answers(int part) => Path.Combine(directory, PreparedFiles.Answers(PreparedFiles.Parts[part], preparation.Task));

        (int, string[]) WriteAnswers(int part, int[] rows)
        {
            WriteValues(Answers(part), plan.LabelsOf(rows), plan.TargetsOf(rows));
            return (rows.Length, []);
        }

        (int, string[]) ReadPart(int part, string path, FloatFile features)
        {
            (int[] labels, float[] targets, ImmutableArray<string> notes) = PreparedRows.ReadAll(path, preparation, features);
            WriteValues(Answers(part), labels, targets);
            return (labels.Length + targets.Length, [.. notes]);
        }
    }

    private static void WriteValues(string path, int[] labels, float[] targets)
    {
        using var file = new FloatFile(path);
        file.Write(MemoryMarshal.Cast<int, float>(labels));
        file.Write(targets);
        file.Complete();
    }

    private static void WriteDescription(string directory, PreparedDescription described)
    {
        using FileStream file = File.Create(Path.Combine(directory, PreparedFiles.Description));
        JsonSerializer.Serialize(file, described.WithDigest(), PreparedJson.Default.PreparedDescription);
        file.Flush(flushToDisk: true);
    }

    private static void Report(TableOptions options, string path, string step) =>
        options.Progress?.Report(new(Path.GetFileName(path), $"{Path.GetFileName(path)}: {step}"));
}
