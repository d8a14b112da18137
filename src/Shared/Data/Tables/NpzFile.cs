using System.Collections.Immutable;
using System.IO.Compression;

namespace NnCluster.Data;

/// <summary>
/// A NumPy archive, as <c>numpy.savez</c> and <c>numpy.savez_compressed</c> write it. Its arrays are known by their names, in any case:
/// <c>x_train, y_train</c> with <c>x_test, y_test</c> and <c>x_val, y_val</c> (Keras); <c>train_images, train_labels</c> and so on; or one
/// pair <c>X, y</c>, <c>features, labels</c>, <c>images, labels</c> or <c>data, target</c>. An archive of one array is that array.
/// </summary>
internal sealed class NpzFile : IDisposable
{
    private const string Suffix = ".npy";

    // Deflate makes at most this many bytes of one.
    private const long MostCompression = 1032;

    private static readonly (string Features, string Target, string Name)[] Pairs =
    [
        ("x_train", "y_train", "y"), ("train_images", "train_labels", "label"), ("train_x", "train_y", "y"),
        ("x", "y", "y"), ("features", "labels", "label"), ("images", "labels", "label"), ("data", "target", "target"), ("data", "labels", "label"),
    ];

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries;

    private NpzFile(string path, ZipArchive archive)
    {
        Path = path;
        _archive = archive;
        _entries = new(StringComparer.OrdinalIgnoreCase);
        foreach (ZipArchiveEntry entry in archive.Entries.Where(entry => entry.FullName.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            if (!_entries.TryAdd(entry.FullName[..^Suffix.Length], entry))
            {
                throw new BadInputException($"{path} has two arrays named {entry.FullName[..^Suffix.Length]}; every array needs a name of its own.");
            }
        }

        (string features, string target, string name) = Pairs.FirstOrDefault(pair => Has(pair.Features) && Has(pair.Target));
        if (features is not null)
        {
            Train = new(features, target, name);
            Test = PartLike("test");
            Validation = PartLike("val", "valid", "validation");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Arrays of the training rows; null if the names say nothing about them.</summary>
    public NpzPart? Train { get; }

    /// <summary>Arrays of the test rows; null: there are none.</summary>
    public NpzPart? Test { get; }

    /// <summary>Arrays of the validation rows; null: there are none.</summary>
    public NpzPart? Validation { get; }

    /// <summary>Opens an archive.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="file">The file, seekable; disposed with the archive.</param>
    /// <exception cref="BadInputException">The archive is damaged.</exception>
    public static NpzFile Open(string path, Stream file)
    {
        try
        {
            return new(path, new ZipArchive(file, ZipArchiveMode.Read));
        }
        catch (Exception damaged) when (IsDamage(damaged))
        {
            throw new BadInputException($"{path} is a NumPy archive that is damaged: {damaged.Message.ReplaceLineEndings(" ")}", damaged);
        }
    }

    /// <summary>Opens the rows of an array.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="BadInputException">There is none, or it is damaged or of a type that is not read.</exception>
    public NpyRows OpenRows(string name)
    {
        string path = $"{Path}/{name}";
        ZipArchiveEntry entry = _entries.GetValueOrDefault(name) ?? throw new BadInputException($"{Path} has no array {name}; it has {List()}.");
        try
        {
            if (entry.IsEncrypted || entry.Length > 0 && entry.Length / MostCompression > entry.CompressedLength)
            {
                string reason = entry.IsEncrypted ? "is encrypted" : $"claims {entry.Length} bytes in {entry.CompressedLength} compressed ones";
                throw new BadInputException($"{path}: {reason}; write the archive again.");
            }

            var rows = NpyRows.Open(path, new ArchiveEntryStream(entry));
            return entry.Length == rows.Header.Length + rows.Header.Bytes ? rows : throw new BadInputException(
                $"{path}: its header announces {rows.Header.Length + rows.Header.Bytes} bytes in all, but it has {entry.Length}.");
        }
        catch (Exception damaged) when (IsDamage(damaged))
        {
            throw new BadInputException($"{path} is damaged: {damaged.Message.ReplaceLineEndings(" ")}", damaged);
        }
    }

    /// <summary>The arrays of a part as a table: the flattened features, and the target behind them.</summary>
    /// <param name="part">The part.</param>
    /// <param name="path">Path of the part, for messages.</param>
    /// <exception cref="BadInputException">The arrays do not fit each other, or cannot be read.</exception>
    public TableSource OpenTable(NpzPart part, string path)
    {
        NpyRows features = OpenRows(part.Features);
        if (part.Target is null)
        {
            return new NpyTable(path, [features], owner: this);
        }

        NpyRows target = OpenTarget(part, features.Rows);
        return features.Header.HasFields
            ? throw new BadInputException($"{Path}/{part.Features} has fields with names; expected numbers beside {part.Target}.")
            : new NpyTable(path, [features, target], part.TargetName, this);
    }

    /// <summary>Opens the targets of a part: one for each row.</summary>
    /// <exception cref="BadInputException">They do not fit the features, or cannot be read.</exception>
    public NpyRows OpenTarget(NpzPart part, long rows)
    {
        NpyRows target = OpenRows(part.Target!);
        string shape = $"({string.Join(", ", target.Header.Shape)})";
        return target.Columns != 1 || target.Header.HasFields
            ? throw new BadInputException(
                $"{Path}/{part.Target} has the shape {shape}; expected one value a row, such as {part.Target}.argmax(axis=1) of classes in columns.")
            : target.Rows == rows ? target
            : throw new BadInputException($"{Path}/{part.Target} has {target.Rows} rows; expected {rows}, as in {Path}/{part.Features}.");
    }

    /// <summary>The only array as a table.</summary>
    /// <exception cref="BadInputException">There are several, or none.</exception>
    public TableSource OpenOnly() => OpenArray(RequireOnlyPart().Features);

    /// <summary>The only array as features without a target.</summary>
    /// <exception cref="BadInputException">There are several, or none.</exception>
    public NpzPart RequireOnlyPart() => _entries.Count == 1
        ? new(_entries.Keys.Single(), null, "")
        : throw new BadInputException(
            $"{Path} has the arrays {List()}; expected x_train and y_train, train_images and train_labels, or train_x and "
            + "train_y (with test and val in place of train); X and y; features, images or data with labels; data and target; or one array.");

    /// <summary>An array as a table.</summary>
    public TableSource OpenArray(string name)
    {
        NpyRows rows = OpenRows(name);
        NpyTable.RequireTable($"{Path}/{name}", rows.Header);
        return new NpyTable($"{Path}/{name}", [rows], owner: this);
    }

    /// <summary>Whether the archive has an array, its name in any case.</summary>
    public bool Has(string name) => _entries.ContainsKey(name);

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    /// <summary>The part whose arrays are named as those of the training rows, with another word in place of <c>train</c>.</summary>
    private NpzPart? PartLike(params string[] words)
    {
        static string Renamed(string array, string word) => array.Replace("train", word, StringComparison.Ordinal);
        string? found = words.FirstOrDefault(word => Renamed(Train!.Features, word) is var name && name != Train.Features && Has(name));
        if (found is null)
        {
            return null;
        }

        string target = Renamed(Train!.Target!, found);
        return new(Renamed(Train.Features, found), Has(target) ? target : null, Train.TargetName);
    }

    private string List()
    {
        IEnumerable<string> arrays = _entries.Keys.Take(12).Select(name =>
        {
            try
            {
                using NpyRows rows = OpenRows(name);
                return $"{name} {rows.Header}";
            }
            catch (BadInputException)
            {
                return $"{name} (not readable)";
            }
        });
        return string.Join(", ", arrays) + (_entries.Count > 12 ? $" and {_entries.Count - 12} more" : "");
    }

    private static bool IsDamage(Exception failed) =>
        failed is InvalidDataException or IOException or ArgumentException or NotSupportedException or OverflowException or IndexOutOfRangeException;
}
