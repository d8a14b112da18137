namespace NnCluster.Data;

/// <summary>A directory with the four IDX files of a set under the names of MNIST's, each plain or with <c>.gz</c>.</summary>
internal static class IdxDirectory
{
    /// <summary>Path of a file, plain rather than compressed; null if the directory has neither.</summary>
    public static string? Find(string directory, string fileName)
    {
        string plain = Path.Combine(directory, fileName);
        return File.Exists(plain) ? plain : File.Exists(plain + ".gz") ? plain + ".gz" : null;
    }

    /// <summary>Names, without <c>.gz</c>, of the missing files.</summary>
    public static string[] Missing(string directory) => [.. KnownDatasets.FileNames.Where(name => Find(directory, name) is null)];

    /// <summary>Reason why the directory holds no set; null if it has all four files.</summary>
    public static string? WhyNot(string directory) => Missing(directory) switch
    {
        [] => null,
        var missing when missing.Length < KnownDatasets.FileNames.Length => $"{directory}: has no {string.Join(", no ", missing)}",
        _ => $"{directory}: not there",
    };

    /// <summary>Reads a user's own set: any image size; the largest training label determines the number of classes.</summary>
    /// <exception cref="BadInputException">A file is missing or wrong.</exception>
    public static Task<Dataset> LoadAsync(string directory, string name, CancellationToken cancellationToken) =>
        LoadAsync(directory, name, null, cancellationToken);

    /// <summary>Reads a known set and verifies the checksum of every file.</summary>
    /// <exception cref="BadInputException">A file is missing or wrong.</exception>
    public static Task<Dataset> LoadAsync(string directory, DatasetDescription known, CancellationToken cancellationToken) =>
        LoadAsync(directory, known.Name, known, cancellationToken);

    private static async Task<Dataset> LoadAsync(
        string directory, string name, DatasetDescription? known, CancellationToken cancellationToken)
    {
        if (Missing(directory) is { Length: > 0 } missing)
        {
            throw new BadInputException(
                $"{directory} has no {string.Join(", no ", missing)}; expected the four files "
                + $"{string.Join(", ", KnownDatasets.FileNames)}, each plain or with .gz.");
        }

        // The training images are nine tenths of the bytes; the other files are read in parallel.
        Task<IdxFile>[] reading =
            [.. KnownDatasets.FileNames.Select((_, i) => Task.Run(() => Read(directory, i, known), cancellationToken))];
        IdxFile[] files = await Task.WhenAll(reading).ConfigureAwait(false);
        return Combine(name, files[0], files[1], files[2], files[3], known);
    }

    private static IdxFile Read(string directory, int index, DatasetDescription? known)
    {
        string path = Find(directory, KnownDatasets.FileNames[index])
            ?? throw new BadInputException($"{Path.Combine(directory, KnownDatasets.FileNames[index])} has disappeared.");
        IdxFile file = index % 2 == 0 ? IdxFile.ReadImages(path, known is not null) : IdxFile.ReadLabels(path, known is not null);
        return known is null || file.Sha256 == known.Files[index].Sha256
            ? file
            : throw new BadInputException(
                $"{path} is not the {known.Name} file: its SHA-256 is {file.Sha256}, "
                + $"expected {known.Files[index].Sha256}; delete or replace it.");
    }

    private static Dataset Combine(
        string name, IdxFile trainImages, IdxFile trainLabels, IdxFile testImages, IdxFile testLabels, DatasetDescription? known)
    {
        (int height, int width) = (trainImages.Dimensions[1], trainImages.Dimensions[2]);
        if (testImages.Dimensions[1] != height || testImages.Dimensions[2] != width)
        {
            throw new BadInputException(
                $"{testImages.Path} has images of {testImages.Dimensions[2]} × {testImages.Dimensions[1]} pixels; "
                + $"expected {width} × {height} as in {trainImages.Path}.");
        }

        int classes = known?.ClassNames.Length ?? ClassesOf(trainLabels);
        return new(
            name,
            Split(trainImages, trainLabels, classes),
            Split(testImages, testLabels, classes),
            classes,
            classNames: known?.ClassNames ?? default,
            imageWidth: width,
            imageHeight: height)
        {
            Images = known is not null ? null : new()
            {
                Width = width,
                Height = height,
                Colour = ImageColour.Grey,
                Classes = [.. Enumerable.Range(0, classes).Select(label => $"{label}")],
            },
        };
    }

    private static DataSplit Split(IdxFile images, IdxFile labels, int classes) => images.Count == labels.Count
        ? DataSplit.Classification(
            FeatureMatrix.FromBytes(images.Elements, images.Dimensions[1] * images.Dimensions[2]), labels.ToClasses(classes))
        : throw new BadInputException(
            $"{labels.Path} has {labels.Count} labels; expected {images.Count}, one for each image of {images.Path}.");

    private static int ClassesOf(IdxFile labels)
    {
        int largest = 0;
        for (int row = 0; row < labels.Count; row++)
        {
            largest = Math.Max(largest, labels.LabelOf(row));
        }

        return largest < TargetColumn.MostClasses ? largest + 1 : throw new BadInputException(
            $"{labels.Path} has the label {largest}; expected class numbers from 0 to at most {TargetColumn.MostClasses - 1}.");
    }
}
