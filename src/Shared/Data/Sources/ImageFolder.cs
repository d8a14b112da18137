using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Image files of a directory by their classes, the names of the directories in it; all in ordinal order of their paths.</summary>
/// <param name="Directory">The directory.</param>
/// <param name="Classes">Names of the classes.</param>
/// <param name="Files">Each image and the index of its class.</param>
internal sealed record ImageFolder(string Directory, ImmutableArray<string> Classes, ImmutableArray<(string Path, int Class)> Files)
{
    private static readonly ImmutableArray<string> Extensions = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];
    private static readonly ImmutableArray<string> Junk = ["Thumbs.db", "desktop.ini", "__MACOSX"];
    private static readonly ImmutableArray<string> PartNames = ["train", "test", "val", "valid", "validation"];

    /// <summary>
    /// Parts of a data set in the directories <c>train</c>, <c>test</c>, and <c>val</c>, <c>valid</c> or <c>validation</c>; null if there is no
    /// <c>train</c>, or another directory beside them.
    /// </summary>
    /// <exception cref="BadInputException">The directory cannot be read.</exception>
    public static (string Train, string? Test, string? Validation)? PartsOf(string directory)
    {
        string[] names = [.. Below(directory).Where(System.IO.Directory.Exists).Select(path => Path.GetFileName(path)!)];
        if (!names.Contains("train", StringComparer.Ordinal) || names.Any(name => !PartNames.Contains(name)))
        {
            return null;
        }

        string? Part(params string[] allowed) => names.FirstOrDefault(name => allowed.Contains(name, StringComparer.Ordinal)) is { } found
            ? Path.Combine(directory, found)
            : null;
        return (Path.Combine(directory, "train"), Part("test"), Part("val", "valid", "validation"));
    }

    /// <summary>Lists the images of a directory of class-named directories.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="known">Classes that the directories must name; default: the directories make them.</param>
    /// <exception cref="BadInputException">A file is no image, a class has none, or is not known; the message has its path.</exception>
    public static ImageFolder Scan(string directory, ImmutableArray<string> known = default)
    {
        string[] paths = Below(directory);
        if (paths.FirstOrDefault(File.Exists) is { } stray)
        {
            throw new BadInputException(
                $"{stray} is a file beside the directories of the classes; put images into a directory for each class, or remove it.");
        }

        ImmutableArray<string> names = [.. paths.Select(path => Path.GetFileName(path)!)];
        if (names.Length < (known.IsDefault ? 2 : 1))
        {
            throw new BadInputException(
                $"{directory} has {(names.IsEmpty ? "no directory" : $"only the directory {names[0]}")}; "
                + $"expected four IDX files ({string.Join(", ", KnownDatasets.FileNames)}), or a directory of images for each of two or more classes.");
        }

        ImmutableArray<string> classes = known.IsDefault ? names : known;
        var files = ImmutableArray.CreateBuilder<(string, int)>();
        foreach ((string path, string name) in paths.Zip(names))
        {
            int label = classes.IndexOf(name);
            if (label < 0)
            {
                throw new BadInputException($"{path} names a class that the model does not have; its classes are {ColumnNames.List(classes)}.");
            }

            int before = files.Count;
            AddFiles(path, label, files);
            if (files.Count == before && known.IsDefault)
            {
                throw new BadInputException($"{path} has no image; expected {ImageFile.Formats}.");
            }
        }

        return files.Count > 0 ? new(directory, classes, files.ToImmutable()) : throw new BadInputException($"{directory} has no image.");
    }

    private static void AddFiles(string directory, int label, ImmutableArray<(string, int)>.Builder files)
    {
        foreach (string path in Below(directory))
        {
            if (System.IO.Directory.Exists(path))
            {
                AddFiles(path, label, files);
            }
            else if (Extensions.Contains(Path.GetExtension(path).ToLowerInvariant()))
            {
                files.Add((path, label));
            }
            else
            {
                throw new BadInputException($"{path} is no image by its name; expected {ImageFile.Formats}. Remove it, or begin its name with a dot.");
            }
        }
    }

    /// <summary>Entries of a directory in ordinal order, without hidden ones and those that file managers leave.</summary>
    private static string[] Below(string directory)
    {
        try
        {
            return [.. System.IO.Directory.EnumerateFileSystemEntries(directory)
                .Where(path => Path.GetFileName(path) is { } name && !name.StartsWith('.') && !Junk.Contains(name))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{directory} cannot be read: {failed.Message}", failed);
        }
    }
}
