using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// A data set from a NumPy archive. Features of uint8 with the shape (n, height, width), (n, height, width, 1) or (n, height, width, 3) are
/// images, held as bytes; other features are flattened and prepared as the columns of a table.
/// </summary>
internal sealed class NpzDataset : IDisposable
{
    private readonly NpzFile _archive;
    private readonly ImagePreparation? _images;

    private NpzDataset(NpzFile archive)
    {
        _archive = archive;
        if (archive.Train is { } train)
        {
            using NpyRows features = archive.OpenRows(train.Features);
            _images = ImagesOf(features.Header);
        }
    }

    /// <summary>Whether the features are images.</summary>
    public bool HoldsImages => _images is not null;

    /// <summary>Opens an archive; null if the file is none.</summary>
    /// <exception cref="BadInputException">The archive is damaged.</exception>
    public static NpzDataset? TryOpen(string path)
    {
        if (FileContent.LengthOf(path) == 0)
        {
            return null;
        }

        Stream? file = null;
        try
        {
            file = File.OpenRead(path);
            if (file.CanSeek && FileSignature.Of(file).Kind == FileKind.Npz)
            {
                return new(NpzFile.Open(path, file));
            }

            file.Dispose();
            return null;
        }
        catch (Exception failed)
        {
            file?.Dispose();
            throw TableFile.Translate(path, failed);
        }
    }

    /// <summary>The images as a data set.</summary>
    /// <param name="options">Task, splits and progress.</param>
    /// <exception cref="BadInputException">The archive is damaged, or its arrays do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">The features are no images.</exception>
    public Dataset ReadImages(TableOptions options) =>
        new ImageReader(_archive, _images ?? throw new InvalidOperationException("the archive holds no images"), options).Read();

    /// <summary>The images that a model is asked about: of the test rows, or else of all rows; their targets are not needed.</summary>
    /// <param name="expected">The images that the model was trained on.</param>
    /// <returns>Path of the array, and its pixels.</returns>
    /// <exception cref="BadInputException">The archive is damaged, or has no such images.</exception>
    public (string Path, FeatureMatrix Pixels) ReadPixels(ImagePreparation expected)
    {
        NpzPart part = _archive.Test ?? _archive.Train ?? _archive.RequireOnlyPart();
        return ($"{_archive.Path}/{part.Features}", new ImageReader(_archive, expected, new()).ReadPixels(part));
    }

    /// <summary>The table of the training rows, with the archive's own test and validation rows where it has them.</summary>
    /// <param name="options">The options; files that they name win.</param>
    /// <returns>The path of the table, and options that name the files of the other rows.</returns>
    public (string Path, TableOptions Options) TableOf(TableOptions options)
    {
        string path = _archive.Path;
        string? In(NpzPart? part) => part?.Target is null ? null : $"{path}/{part.Features}";
        return _archive.Train is { } train
            ? ($"{path}/{train.Features}", options with
            {
                TestFile = options.TestFile ?? In(_archive.Test),
                ValidationFile = options.ValidationFile ?? (options.Splits.Validation > 0 ? null : In(_archive.Validation)),
            })
            : (path, options);
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private static ImagePreparation? ImagesOf(NpyHeader header)
    {
        bool isImage = !header.HasFields && header.Fields[0] is { Kind: 'u', Size: 1 }
            && (header.Shape.Length == 3 || (header.Shape.Length == 4 && header.Shape[3] is 1 or 3))
            && header.Shape[1] is > 0 and <= 1 << 14 && header.Shape[2] is > 0 and <= 1 << 14;
        return isImage
            ? new()
            {
                Width = (int)header.Shape[2],
                Height = (int)header.Shape[1],
                Colour = header.Shape.Length == 4 && header.Shape[3] == 3 ? ImageColour.Rgb : ImageColour.Grey,
            }
            : null;
    }

    /// <summary>Reads the parts of an archive of images.</summary>
    private sealed class ImageReader(NpzFile archive, ImagePreparation images, TableOptions options)
    {
        private readonly List<int> _labels = [];

        public Dataset Read()
        {
            (FeatureMatrix pixels, TargetColumn target) = ReadPart(archive.Train!);
            bool isClassification = target.Task == ModelTask.Classification;
            (ImmutableArray<string> names, int[] labels) = isClassification ? target.TakeClasses() : ([], []);
            images = images with { Classes = names };
            DataSplit train = isClassification ? DataSplit.Classification(pixels, labels) : Regression(pixels, target);
            DataSplit test = PartOf(archive.Test, names) ?? train.Slice(0, 0);
            string task = isClassification ? $"{names.Length} classes" : "a regression";
            bool isGrey = images.Colour == ImageColour.Grey;
            var set = new Dataset(
                Path.GetFileName(archive.Path), train, test, names.Length, isClassification ? 0 : 1, isClassification ? names : default,
                isGrey ? images.Width : null, isGrey ? images.Height : null)
            {
                Images = images,
                Notes = [$"target {archive.Train!.Target}, {task}; images of {images}"],
            };
            DataSplit? validation = options.Splits.Validation > 0 ? null : PartOf(archive.Validation, names);
            return (validation is null ? set : set.WithValidation(validation)).WithSplits(options.Splits);
        }

        private DataSplit? PartOf(NpzPart? part, ImmutableArray<string> names)
        {
            if (part?.Target is null)
            {
                return null;
            }

            (FeatureMatrix pixels, TargetColumn target) = ReadPart(part, names);
            return names.IsEmpty ? Regression(pixels, target) : DataSplit.Classification(pixels, _labels.ToArray());
        }

        private static DataSplit Regression(FeatureMatrix pixels, TargetColumn target) =>
            DataSplit.Regression(pixels, (float[])[.. Enumerable.Range(0, target.Rows).Select(row => (float)target.TargetOf(row))], 1);

        private (FeatureMatrix Pixels, TargetColumn Target) ReadPart(NpzPart part, ImmutableArray<string> names = default)
        {
            FeatureMatrix pixels = ReadPixels(part);
            using var targets = new NpyTable($"{archive.Path}/{part.Target}", [archive.OpenTarget(part, pixels.Rows)]);
            return (pixels, ReadTarget(targets, part, names));
        }

        public FeatureMatrix ReadPixels(NpzPart part)
        {
            string path = $"{archive.Path}/{part.Features}";
            using NpyRows features = archive.OpenRows(part.Features);
            if (ImagesOf(features.Header) is not { } found || (found.Width, found.Height, found.Colour) != (images.Width, images.Height, images.Colour))
            {
                throw new BadInputException($"{path} is {features.Header}; expected images of {images}.");
            }

            return features.Header.Bytes <= Array.MaxLength ? ReadPixels(features, part) : throw new BadInputException(
                $"{path}: {features.Rows} images of {images} are more than one array can hold.");
        }

        private FeatureMatrix ReadPixels(NpyRows features, NpzPart part)
        {
            // Grows with the data that arrives: a false header cannot make it allocate more than the archive has.
            byte[] pixels = new byte[Math.Min(features.Header.Bytes, 1 << 24)];
            for (int row = 0; features.Read(); row++)
            {
                int end = (row + 1) * features.Columns;
                if (end > pixels.Length)
                {
                    Array.Resize(ref pixels, (int)Math.Min(features.Header.Bytes, Math.Max(end, 2L * pixels.Length)));
                }

                features.CopyTo(pixels.AsSpan(row * features.Columns, features.Columns));
                if (row % (1 << 15) == (1 << 15) - 1)
                {
                    options.Progress?.Report(new(
                        Path.GetFileName(archive.Path), FormattableString.Invariant($"read {row + 1:N0} of {features.Rows:N0} images of {part.Features}")));
                }
            }

            return FeatureMatrix.FromBytes(pixels.AsMemory(0, (int)features.Header.Bytes), features.Columns);
        }

        private TargetColumn ReadTarget(NpyTable targets, NpzPart part, ImmutableArray<string> names)
        {
            ModelTask? task = names.IsDefault ? options.Task : names.IsEmpty ? ModelTask.Regression : ModelTask.Classification;
            var target = new TargetColumn(targets.Path, part.TargetName, task);
            _labels.Clear();
            while (targets.Read())
            {
                target.Add(targets, 0);
                if (!names.IsDefaultOrEmpty)
                {
                    _labels.Add(ClassOf(targets, names));
                }
            }

            return target;
        }

        private static int ClassOf(NpyTable targets, ImmutableArray<string> names)
        {
            string text = targets.GetText(0).ToString();
            int label = names.IndexOf(text);
            label = label < 0 && targets.TryGetNumber(0, out double number) ? names.IndexOf(TargetColumn.NameOf(number)) : label;
            return label >= 0 ? label : throw new BadInputException(
                $"{targets.Path}, {targets.Place}: the class is {Quoted.Text(text)}; the classes of the training rows are {ColumnNames.List(names)}.");
        }
    }
}
