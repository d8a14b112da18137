using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace NnCluster.Data;

/// <summary>
/// A data set: training, validation and test rows, and the description of their columns. Immutable and thread-safe.
/// </summary>
public sealed class Dataset
{
    private readonly Lazy<string> _sha256;

    /// <summary>
    /// Creates a data set from its splits. <paramref name="classes"/> is 0 for regression, <paramref name="targets"/> is 0 for
    /// classification.
    /// </summary>
    /// <exception cref="ArgumentException">The splits do not fit each other or the labels the classes.</exception>
    public Dataset(
        string name,
        DataSplit train,
        DataSplit test,
        int classes = 0,
        int targets = 0,
        ImmutableArray<string> classNames = default,
        int? imageWidth = null,
        int? imageHeight = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        Validate(train, test, classes, targets, classNames, imageWidth, imageHeight);
        Name = name;
        Train = train;
        Test = test;
        Classes = classes;
        Targets = targets;
        ClassNames = classNames.IsDefault ? [.. Enumerable.Range(0, classes).Select(c => $"{c}")] : classNames;
        ImageWidth = imageWidth;
        ImageHeight = imageHeight;
        Validation = train.Slice(0, 0);
        _sha256 = new(() => new DatasetBytes(this).Sha256());
    }

    /// <summary>A data set for classification from arrays; some rows, drawn with the seed, become test rows.</summary>
    /// <param name="features">Inputs, (rows, columns), row-major. They are copied; scale them to about zero mean and unit variance.</param>
    /// <param name="columns">Number of features of a row.</param>
    /// <param name="labels">Class of each row, (rows), from 0 on.</param>
    /// <param name="testFraction">Share of the rows that become test rows, above 0 and below 1.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <param name="name">Display name.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a split would have no row.</exception>
    public static Dataset FromArrays(
        ReadOnlySpan<float> features, int columns, ReadOnlySpan<int> labels, double testFraction = 0.2, ulong seed = 1, string name = "arrays")
    {
        int classes = labels.IsEmpty ? 0 : TensorPrimitives.Max(labels) + 1;
        (int[] train, int[] test) = RandomSplit(features.Length, columns, labels.Length, testFraction, seed);
        return new(name, Part(features, columns, train, labels), Part(features, columns, test, labels), classes: classes);

        static DataSplit Part(ReadOnlySpan<float> features, int columns, int[] rows, ReadOnlySpan<int> labels) =>
            DataSplit.Classification(FeatureMatrix.FromFloats(Take(features, columns, rows), columns), Take(labels, 1, rows));
    }

    /// <summary>A data set for regression from arrays; some rows, drawn with the seed, become test rows.</summary>
    /// <param name="features">Inputs, (rows, columns), row-major. They are copied; scale them to about zero mean and unit variance.</param>
    /// <param name="columns">Number of features of a row.</param>
    /// <param name="targets">Target of each row, (rows).</param>
    /// <param name="testFraction">Share of the rows that become test rows, above 0 and below 1.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <param name="name">Display name.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a split would have no row.</exception>
    public static Dataset FromArrays(
        ReadOnlySpan<float> features, int columns, ReadOnlySpan<float> targets, double testFraction = 0.2, ulong seed = 1, string name = "arrays")
    {
        (int[] train, int[] test) = RandomSplit(features.Length, columns, targets.Length, testFraction, seed);
        return new(name, Part(features, columns, train, targets), Part(features, columns, test, targets), targets: 1);

        static DataSplit Part(ReadOnlySpan<float> features, int columns, int[] rows, ReadOnlySpan<float> targets) =>
            DataSplit.Regression(FeatureMatrix.FromFloats(Take(features, columns, rows), columns), Take(targets, 1, rows), 1);
    }

    private static (int[] Train, int[] Test) RandomSplit(int length, int columns, int rows, double testFraction, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (length != (long)rows * columns)
        {
            throw new ArgumentException($"{rows} rows of {columns} features are {(long)rows * columns} floats, not {length}.");
        }

        int test = (int)Math.Round(rows * testFraction, MidpointRounding.AwayFromZero);
        if (!(testFraction is > 0 and < 1) || test == 0 || test == rows)
        {
            throw new ArgumentException($"A test fraction of {testFraction} of {rows} rows leaves no training row or no test row.");
        }

        ReadOnlySpan<int> order = new EpochPermutation(seed, rows).Of(0);
        return (order[test..].ToArray(), order[..test].ToArray());
    }

    private static T[] Take<T>(ReadOnlySpan<T> values, int width, int[] rows)
    {
        var taken = new T[rows.Length * width];
        for (int i = 0; i < rows.Length; i++)
        {
            values.Slice(rows[i] * width, width).CopyTo(taken.AsSpan(i * width));
        }

        return taken;
    }

    /// <summary>Display name: <c>mnist</c>, or the directory or file that it was read from.</summary>
    public string Name { get; }

    /// <summary>
    /// SHA-256 in lower-case hexadecimal of the content as <see cref="DatasetBytes"/> has it: dimensions, features, labels or targets
    /// of all rows, names of the classes and preparation. Computed on first use.
    /// </summary>
    public string Sha256 => KnownSha256 ?? _sha256.Value;

    /// <summary>SHA-256 of the content where it is stored beside it; null: it is computed.</summary>
    internal string? KnownSha256 { get; init; }

    /// <summary>Number of features of a row.</summary>
    public int Features => Train.Matrix.Columns;

    /// <summary>Number of classes; 0 for regression.</summary>
    public int Classes { get; }

    /// <summary>Number of real targets of a row; 0 for classification.</summary>
    public int Targets { get; }

    /// <summary>Number of outputs of a network for this set: classes or targets.</summary>
    public int Outputs => Classes > 0 ? Classes : Targets;

    /// <summary>Width in pixels if the rows are images, stored row by row from the top; else null.</summary>
    public int? ImageWidth { get; }

    /// <summary>Height in pixels if the rows are images; else null.</summary>
    public int? ImageHeight { get; }

    /// <summary>Name of each class; its number if no name is known.</summary>
    public ImmutableArray<string> ClassNames { get; }

    /// <summary>Training rows.</summary>
    public DataSplit Train { get; }

    /// <summary>Validation rows, which no step trains on; may be empty.</summary>
    public DataSplit Validation
    {
        get;
        init
        {
            Validate(Train, value, Classes, Targets, ClassNames, ImageWidth, ImageHeight);
            field = value;
        }
    }

    /// <summary>Test rows; may be empty.</summary>
    public DataSplit Test { get; }

    /// <summary>How the rows of a table became features; null if the features were given as they are.</summary>
    public Preparation? Preparation { get; init; }

    /// <summary>How an image file becomes a row; null if the rows are no images, or their preparation is not known.</summary>
    public ImagePreparation? Images { get; init; }

    /// <summary>How validation rows, limit and test rows were drawn; null if they were given.</summary>
    public SplitOptions? Splits { get; init; }

    /// <summary>Lines that say what was decided about the data: target, task, parts, filled values.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>
    /// A copy whose validation rows, limited training rows and, if it has no test rows, test rows are drawn from its training rows. The
    /// <see cref="Preparation"/> stays as it is: for a table, give the splits when it is read.
    /// </summary>
    /// <exception cref="BadInputException">No training row would be left, or a number is out of range.</exception>
    public Dataset WithSplits(SplitOptions splits)
    {
        ArgumentNullException.ThrowIfNull(splits);
        if (splits.Limit is <= 0)
        {
            throw new BadInputException($"The training rows of {Name} cannot be limited to {splits.Limit}: at least 1 is needed.");
        }

        DataSplit all = Train;
        var splitter = new RowSplitter(splits.Seed);
        Func<int, int>? stratum = splits.Stratify && Classes > 0 ? row => all.Labels[row] : null;
        int[] left = [.. Enumerable.Range(0, all.Rows)];
        (int[] test, int[] validation) = ([], []);
        if (Test.Rows == 0)
        {
            (test, left) = splitter.Draw(left, SplitCounts.OfTest(splits, left.Length, Name), stratum);
        }

        (validation, left) = splitter.Draw(left, SplitCounts.OfValidation(splits, left.Length, Name), stratum);
        if (splits.Limit is { } limit && limit < left.Length)
        {
            (left, _) = splitter.Draw(left, limit, stratum);
        }

        return left.Length == all.Rows ? this : new(
            Name, all.Select(left), test.Length > 0 ? all.Select(test) : Test, Classes, Targets, ClassNames, ImageWidth, ImageHeight)
        {
            Validation = validation.Length > 0 ? all.Select(validation) : Validation,
            Preparation = Preparation,
            Images = Images,
            Splits = splits,
            Notes = [.. Notes, .. PartsDrawn()],
        };

        IEnumerable<string> PartsDrawn()
        {
            string how = stratum is null ? "drawn" : "stratified";
            string[] parts =
            [
                .. test.Length > 0 ? [$"test {test.Length} of {all.Rows} rows"] : Array.Empty<string>(),
                .. validation.Length > 0 ? [$"validation {validation.Length} of {all.Rows} rows"] : Array.Empty<string>(),
                .. splits.Limit is not null ? [$"training limited to {left.Length} rows"] : Array.Empty<string>(),
            ];
            return parts.Length > 0 ? [$"{string.Join("; ", parts)}, {how}, seed {splits.Seed}"] : [];
        }
    }

    /// <summary>Compares the content with a stored SHA-256, which otherwise is believed. Reads all of it.</summary>
    /// <exception cref="BadInputException">The content was changed.</exception>
    internal void VerifyContent()
    {
        if (KnownSha256 is { } stored && new DatasetBytes(this).Sha256() is var found && found != stored)
        {
            throw new BadInputException(
                $"{Name}: its content has SHA-256 {found}, and {stored} was stored with it: a file was changed; prepare the table again.");
        }
    }

    /// <summary>A copy with the given validation rows.</summary>
    internal Dataset WithValidation(DataSplit validation) => With(Name, validation);

    /// <summary>A copy with another display name.</summary>
    internal Dataset WithName(string name) => With(name, Validation);

    private Dataset With(string name, DataSplit validation) => new(name, Train, Test, Classes, Targets, ClassNames, ImageWidth, ImageHeight)
    {
        Validation = validation,
        Preparation = Preparation,
        Images = Images,
        Splits = Splits,
        Notes = Notes,
    };

    private static void Validate(
        DataSplit train, DataSplit test, int classes, int targets, ImmutableArray<string> classNames, int? width, int? height)
    {
        if (classes < 0 || targets < 0 || (classes > 0) == (targets > 0))
        {
            throw new ArgumentException($"A set has either classes or targets, not {classes} and {targets}.");
        }

        if (train.Matrix.Columns != test.Matrix.Columns)
        {
            throw new ArgumentException($"Training rows have {train.Matrix.Columns} features, test rows {test.Matrix.Columns}.");
        }

        if (width * height is int pixels && pixels != train.Matrix.Columns)
        {
            throw new ArgumentException($"Images of {width} × {height} do not have {train.Matrix.Columns} pixels.");
        }

        if (!classNames.IsDefault && classes > 0 && classNames.Length != classes)
        {
            throw new ArgumentException($"{classNames.Length} names do not name {classes} classes.");
        }

        foreach (DataSplit split in (ReadOnlySpan<DataSplit>)[train, test])
        {
            if (split.Labels.Length != (classes > 0 ? split.Rows : 0) || split.Targets.Length != (long)split.Rows * targets)
            {
                throw new ArgumentException(
                    $"{split.Rows} rows come with {split.Labels.Length} labels and {split.Targets.Length} targets.");
            }

            foreach (int label in split.Labels)
            {
                if ((uint)label >= (uint)classes)
                {
                    throw new ArgumentException($"Label {label} is outside the {classes} classes.");
                }
            }
        }
    }
}
