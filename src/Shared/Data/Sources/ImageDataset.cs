using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// A data set from a directory of images: a directory for each class, or such directories below <c>train</c>, <c>test</c> and <c>val</c>.
/// A row is an image's pixels as bytes, row by row from the top; of RGB, red, green and blue of a pixel are next to each other.
/// </summary>
public static class ImageDataset
{
    private const int ImagesBetweenReports = 1000;

    extension(Dataset)
    {
        /// <summary>Reads the images of a directory.</summary>
        /// <param name="directory">
        /// A directory that has one directory of images for each class, named after it; or the directories <c>train</c> and, optionally,
        /// <c>test</c> and <c>val</c> (or <c>valid</c>, <c>validation</c>), each with such directories.
        /// </param>
        /// <param name="options">Size, colours and parts; null: the defaults.</param>
        /// <exception cref="BadInputException">A file cannot be read or is no image, or the sizes differ; the message has its path.</exception>
        public static Dataset FromImages(string directory, ImageOptions? options = null) => Read(directory, options);
    }

    /// <summary>Reads the images of a directory, as <c>Dataset.FromImages</c> does.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="options">Size, colours and parts; null: the defaults.</param>
    /// <exception cref="BadInputException">A file cannot be read or is no image, or the sizes differ; the message has its path.</exception>
    public static Dataset Read(string directory, ImageOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(directory);
        options ??= new();
        (string trainDirectory, string? testDirectory, string? validationDirectory) = ImageFolder.PartsOf(directory) ?? (directory, null, null);
        var folder = ImageFolder.Scan(trainDirectory);
        ImageFolder? test = testDirectory is null ? null : ImageFolder.Scan(testDirectory, folder.Classes);
        ImageFolder? validation = validationDirectory is null || options.Splits.Validation > 0
            ? null
            : ImageFolder.Scan(validationDirectory, folder.Classes);
        string name = NameOf(directory);
        ImageSize size = options.Size ?? CommonSize([.. new[] { folder, test, validation }.OfType<ImageFolder>()]);
        var reader = new PixelReader(name, size, options.Progress);
        (byte[] pixels, ImageColour colour) = options.Colour is { } given ? (reader.Read(folder, given)!, given)
            : reader.Read(folder, null) is { } grey ? (grey, ImageColour.Grey)
            : (reader.Read(folder, ImageColour.Rgb)!, ImageColour.Rgb);
        var images = new ImagePreparation { Width = size.Width, Height = size.Height, Colour = colour, Classes = folder.Classes };
        DataSplit train = Split(folder, pixels, images);
        DataSplit? Part(ImageFolder? part) => part is null ? null : Split(part, reader.Read(part, colour)!, images);
        bool isGrey = colour == ImageColour.Grey;
        string tests = test is null ? "" : $" and {test.Files.Length} test images";
        var set = new Dataset(
            name, train, Part(test) ?? train.Slice(0, 0), folder.Classes.Length, 0, folder.Classes,
            isGrey ? size.Width : null, isGrey ? size.Height : null)
        {
            Images = images,
            Notes = [$"{folder.Classes.Length} classes; {folder.Files.Length} training images{tests} of {images}"],
        };
        return (Part(validation) is { } held ? set.WithValidation(held) : set).WithSplits(options.Splits);
    }

    /// <summary>
    /// The images of a directory as test rows of a data set that fits a model: those of its directory <c>test</c>, or else of <c>val</c>, if
    /// it has such parts.
    /// </summary>
    /// <param name="directory">The directory.</param>
    /// <param name="images">The model's preparation of images: classes are matched by name.</param>
    /// <param name="progress">Receives the progress of long reads; null: no reports.</param>
    /// <exception cref="BadInputException">A file cannot be read or is no image, or a class is not one of the model.</exception>
    public static Dataset ReadWith(string directory, ImagePreparation images, IProgress<DatasetProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        string part = ImageFolder.PartsOf(directory) is { } parts ? parts.Test ?? parts.Validation ?? parts.Train : directory;
        var folder = ImageFolder.Scan(part, images.Classes);
        var reader = new PixelReader(NameOf(directory), new(images.Width, images.Height), progress);
        DataSplit rows = Split(folder, reader.Read(folder, images.Colour)!, images);
        return new(NameOf(directory), rows.Slice(0, 0), rows, images.Classes.Length, 0, images.Classes) { Images = images };
    }

    private static string NameOf(string directory) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));

    private static DataSplit Split(ImageFolder folder, byte[] pixels, ImagePreparation images) => DataSplit.Classification(
        FeatureMatrix.FromBytes(pixels, images.Features), folder.Files.Select(file => file.Class).ToArray());

    private static ImageSize CommonSize(ImmutableArray<ImageFolder> folders)
    {
        string first = folders[0].Files[0].Path;
        ImageSize size = ImageFile.SizeOf(first);
        foreach ((string path, _) in folders.SelectMany(folder => folder.Files))
        {
            ImageSize other = ImageFile.SizeOf(path);
            if (other != size)
            {
                var property = new PropertyName(nameof(ImageOptions), nameof(ImageOptions.Size));
                throw new BadInputException(
                    property,
                    $"{path} has {other.Width} × {other.Height} pixels, and {first} {size.Width} × {size.Height}; ",
                    $"give the size to scale to with {property}.");
            }
        }

        return size.Width <= ImageSize.Longest && size.Height <= ImageSize.Longest ? size : throw new BadInputException(
            $"{first} has {size.Width} × {size.Height} pixels; expected at most {ImageSize.Longest} on a side.");
    }

    /// <summary>Decodes images in parallel, each into its row.</summary>
    private sealed class PixelReader(string name, ImageSize size, IProgress<DatasetProgress>? progress)
    {
        private readonly Lock _reporting = new();

        /// <summary>Reads the pixels, (images, features).</summary>
        /// <param name="folder">The images.</param>
        /// <param name="colour">Colours; null: grey, and the result is null as soon as an image is not grey.</param>
        public byte[]? Read(ImageFolder folder, ImageColour? colour)
        {
            long width = (long)size.Width * size.Height * (colour == ImageColour.Rgb ? 3 : 1);
            if (width * folder.Files.Length > Array.MaxLength)
            {
                throw new BadInputException(
                    $"{folder.Directory}: {folder.Files.Length} images of {size.Width} × {size.Height} pixels are more than one array can hold; "
                    + "give a smaller size.");
            }

            byte[] pixels = new byte[width * folder.Files.Length];
            bool isGrey = true;
            int done = 0;
            (long Index, BadInputException Error)? broken = null;
            Parallel.For(0, folder.Files.Length, (i, loop) =>
            {
                if (!Volatile.Read(ref isGrey))
                {
                    return;
                }

                try
                {
                    Span<byte> row = pixels.AsSpan((int)(i * width), (int)width);
                    if (!ImageFile.Read(folder.Files[i].Path, size, colour ?? ImageColour.Grey, row) && colour is null)
                    {
                        Volatile.Write(ref isGrey, false);
                    }
                }
                catch (BadInputException wrong)
                {
                    lock (_reporting)
                    {
                        // The first broken image in the order of the files is named, whichever thread found one first.
                        broken = broken is { } earlier && earlier.Index < i ? earlier : (i, wrong);
                    }

                    loop.Break();
                }

                Report(Interlocked.Increment(ref done), folder);
            });
            return !Volatile.Read(ref isGrey) ? null : broken is { } found ? throw found.Error : pixels;
        }

        private void Report(int done, ImageFolder folder)
        {
            if (progress is not null && done % ImagesBetweenReports == 0)
            {
                lock (_reporting)
                {
                    string message = FormattableString.Invariant($"read {done:N0} of {folder.Files.Length:N0} images of {folder.Directory}");
                    progress.Report(new(name, message));
                }
            }
        }
    }
}
