using System.CommandLine;
using System.Globalization;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Options;

/// <summary>The options of <c>train</c>: their types and ranges. <see cref="TrainOptionTable"/> has their help.</summary>
internal sealed class TrainOptions
{
    private const string Fraction = "a number of at least 0 and below 1";

    // Data
    public Option<string?> Dataset { get; } = Text("--dataset");
    public Option<string?> DataDirectory { get; } = Text("--data-dir");
    public Option<HeaderKind?> Header { get; } = CliOption.Choice<HeaderKind>(Row("--header"));
    public Option<string?> Target { get; } = Text("--target");
    public Option<ModelTask?> Task { get; } = CliOption.Choice<ModelTask>(Row("--task"));
    public Option<string[]?> Ignore { get; } = Columns("--ignore");
    public Option<string[]?> TextColumns { get; } = Columns("--text");
    public Option<ImageSize?> ImageSize { get; } = Parsed<ImageSize?>(
        "--image-size", NnCluster.Data.ImageSize.Parse, "a width and a height in pixels, each from 1 to 16384, such as 32x32");
    public Option<ImageColour?> ImageColour { get; } = CliOption.Choice<ImageColour>(Row("--image-colour"));
    public Option<int?> Limit { get; } = Whole("--limit", 1);

    // Splits
    public Option<RowsOrFile?> Test { get; } = Parsed<RowsOrFile?>("--test", RowsOrFile.Parse, "a file, or a share of the rows such as 0.2");
    public Option<RowsOrFile?> Validation { get; } = Parsed<RowsOrFile?>(
        "--validation", RowsOrFile.Parse, "a file, a share of the rows such as 0.1, or a number of rows");
    public Option<string?> Group { get; } = Text("--group");
    public Option<bool> NoStratify { get; } = Flag("--no-stratify");
    public Option<ulong?> SplitSeed { get; } = CliOption.Seed(Row("--split-seed"));

    // Preparation
    public Option<ScalingKind?> Scale { get; } = CliOption.Choice<ScalingKind>(Row("--scale"));
    public Option<MissingKind?> Missing { get; } = CliOption.Choice<MissingKind>(Row("--missing"));
    public Option<CategoryKind?> Categories { get; } = CliOption.Choice<CategoryKind>(Row("--categories"));
    public Option<ClassWeighting?> ClassWeight { get; } = CliOption.Choice<ClassWeighting>(Row("--class-weight"));

    // Model
    public Option<string?> Model { get; } = Text("--model");
    public Option<int[]?> Hidden { get; } = Parsed<int[]?>(
        "--hidden", ParseHidden, "the neurons of each hidden layer, each at least 1, such as 256 or 256,128, or none");
    public Option<ActivationKind?> Activation { get; } = CliOption.Choice<ActivationKind>(Row("--activation"));
    public Option<double?> Slope { get; } = Number("--slope", _ => true, "a number");
    public Option<Initializer?> Init { get; } = Parsed<Initializer?>(
        "--init", ParseInitializer, "he, xavier, normal, normal:σ, uniform or uniform:a with a positive number, such as normal:0.1");
    public Option<bool> BatchNorm { get; } = Flag("--batch-norm");
    public Option<float[]?> Dropout { get; } = Parsed<float[]?>(
        "--dropout", ParseRates, $"one rate, or one for each hidden layer, each {Fraction}");
    public Option<double?> InputDropout { get; } = BelowOne("--input-dropout");
    public Option<double?> InputNoise { get; } = Number(
        "--input-noise", v => v is >= 0 and <= float.MaxValue, "a finite number of at least 0");

    // Loss
    public Option<LossKind?> Loss { get; } = Parsed<LossKind?>("--loss", ParseLoss, "cross-entropy or mse");
    public Option<double?> ClipProbability { get; } = Number(
        "--clip-probability", v => v is > 0 and < 1, "a number above 0 and below 1");

    // Optimizer
    public Option<OptimizerKind?> Optimizer { get; } = CliOption.Choice<OptimizerKind>(Row("--optimizer"));
    public Option<double?> LearningRate { get; } = Positive("--learning-rate");
    public Option<ScheduleKind?> Schedule { get; } = CliOption.Choice<ScheduleKind>(Row("--schedule"));
    public Option<double?> Beta1 { get; } = BelowOne("--beta1");
    public Option<double?> Beta2 { get; } = BelowOne("--beta2");
    public Option<double?> Epsilon { get; } = Positive("--epsilon");
    public Option<double?> Momentum { get; } = BelowOne("--momentum");
    public Option<double?> Rho { get; } = BelowOne("--rho");
    public Option<double?> ClipNorm { get; } = Positive("--clip-norm");

    // Regularisation
    public Option<double?> L1 { get; } = NotNegative("--l1");
    public Option<double?> L2 { get; } = NotNegative("--l2");
    public Option<double?> WeightDecay { get; } = NotNegative("--weight-decay");
    public Option<double?> MaxNorm { get; } = Positive("--max-norm");

    // Run
    public Option<string?> Preset { get; } = Text("--preset");
    public Option<string?> Config { get; } = Text(LayeredOptions.ConfigName);
    public Option<int?> Epochs { get; } = Whole("--epochs", 1);
    public Option<int?> BatchSize { get; } = Whole("--batch-size", 1);
    public Option<ulong?> Seed { get; } = CliOption.Seed(Row("--seed"));
    public Option<bool> NoShuffle { get; } = Flag("--no-shuffle");
    public Option<string?> InitFrom { get; } = Text("--init-from");
    public Option<double?> TargetAccuracy { get; } = Number(
        "--target-accuracy", v => v is > 0 and <= 1, "a number above 0 and at most 1, such as 0.98");
    public Option<int?> Patience { get; } = Whole("--patience", 1);
    public Option<KeepKind?> Keep { get; } = CliOption.Choice<KeepKind>(Row("--keep"));
    public Option<int?> EvaluateEvery { get; } = Whole("--evaluate-every", 1);
    public Option<int?> StopAfter { get; } = Whole("--stop-after", 1);
    public Option<string?> Resume { get; } = Text("--resume");

    // Parallel
    public Option<int?> Workers { get; } = Whole("--workers", 0, 1024);
    public Option<int?> Shards { get; } = Whole("--shards", 1);
    public Option<string?> Blas { get; } = Text("--blas");

    // Cluster
    public Option<HostPort?> Listen { get; } = Parsed<HostPort?>("--listen", HostPort.Parse, HostPort.Expected);
    public Option<AdvertisedAddress?> Advertise { get; } = Parsed<AdvertisedAddress?>(
        "--advertise", AdvertisedAddress.Parse, AdvertisedAddress.Expected);
    public Option<int?> LinkPort { get; } = Whole("--link-port", 1, 65535);
    public Option<HostPort?> LinkAdvertise { get; } = Parsed<HostPort?>("--link-advertise", HostPort.Parse, HostPort.Expected);
    public Option<int?> MinWorkers { get; } = Whole("--min-workers", 1);
    public Option<int?> StartWorkers { get; } = Whole("--start-workers", 1);
    public Option<TimeSpan?> StartTimeout { get; } = CliOption.Duration(Row("--start-timeout"));
    public SecurityOptions Security { get; } = new();
    public Option<bool> EndWithInput { get; } = CliOption.EndWithInput();

    // Output
    public Option<string?> Out { get; } = Text("--out");
    public Option<int?> CheckpointEvery { get; } = Whole("--checkpoint-every", 1);
    public Option<bool> TensorBoard { get; } = Flag("--tensorboard");
    public Option<int?> HealthPort { get; } = Whole("--health-port", 1, 65535);
    public Option<int?> StatusFd { get; } = Whole(StatusWriter.OptionName, StatusWriter.StandardOutput);
    public Option<bool> Json { get; } = Flag("--json");

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All =>
    [
        Dataset, DataDirectory, Header, Target, Task, Ignore, TextColumns, ImageSize, ImageColour, Limit,
        Test, Validation, Group, NoStratify, SplitSeed,
        Scale, Missing, Categories, ClassWeight,
        Model, Hidden, Activation, Slope, Init, BatchNorm, Dropout, InputDropout, InputNoise,
        Loss, ClipProbability,
        Optimizer, LearningRate, Schedule, Beta1, Beta2, Epsilon, Momentum, Rho, ClipNorm,
        L1, L2, WeightDecay, MaxNorm,
        Preset, Config, Epochs, BatchSize, Seed, NoShuffle, InitFrom, TargetAccuracy, Patience, Keep, EvaluateEvery, StopAfter, Resume,
        Workers, Shards, Blas,
        .. OfCluster,
        Out, CheckpointEvery, TensorBoard, HealthPort, StatusFd, Json,
    ];

    /// <summary>The options of the help by their groups, in its order.</summary>
    public IReadOnlyList<OptionGroup> Groups =>
    [
        .. All.Where(option => !option.Hidden)
            .GroupBy(option => Row(option.Name).Group)
            .Select(group => new OptionGroup(group.Key, [.. group])),
    ];

    /// <summary>Options that only a table has a meaning for.</summary>
    public IReadOnlyList<Option> OfTables => [Header, Target, Task, Ignore, TextColumns, Group, Scale, Missing, Categories];

    /// <summary>Options that only a directory of images has a meaning for.</summary>
    public IReadOnlyList<Option> OfImages => [ImageSize, ImageColour];

    /// <summary>Options that decide what a table becomes.</summary>
    public IReadOnlyList<Option> OfData =>
        [Header, Target, Task, Ignore, TextColumns, Limit, Test, Validation, Group, NoStratify, SplitSeed, Scale, Missing, Categories];

    /// <summary>Options of a run with workers in other processes.</summary>
    public IEnumerable<Option> OfCluster =>
        [Listen, Advertise, LinkPort, LinkAdvertise, MinWorkers, StartWorkers, StartTimeout, .. Security.All, EndWithInput];

    /// <summary>Options of the network, which <see cref="Model"/> replaces.</summary>
    public IReadOnlyList<Option> OfModel => [Hidden, Activation, Slope, Init, BatchNorm, Dropout, InputDropout, InputNoise];

    /// <summary>Options whose meaning depends on <see cref="Optimizer"/>.</summary>
    public IReadOnlyList<Option> OfOptimizer => [LearningRate, Beta1, Beta2, Epsilon, Momentum, Rho, WeightDecay];

    /// <summary>Options that do not change the result, and are no part of a run's configuration.</summary>
    public IReadOnlyList<Option> NotConfiguration => [Preset, Config, Json, Out, StopAfter, Resume, HealthPort, StatusFd, .. OfCluster];

    private static OptionRow Row(string name) => TrainOptionTable.Rows[name];

    private static Option<bool> Flag(string name) => CliOption.Flag(Row(name));

    private static Option<string?> Text(string name) => CliOption.Text(Row(name));

    private static Option<int?> Whole(string name, int least, int most = int.MaxValue) => CliOption.Whole(Row(name), least, most);

    private static Option<double?> Number(string name, Func<double, bool> allowed, string expected) =>
        CliOption.Number(Row(name), allowed, expected);

    private static Option<double?> Positive(string name) => Number(name, v => v > 0, "a number above 0");

    private static Option<double?> NotNegative(string name) => Number(name, v => v >= 0, "a number of at least 0");

    private static Option<double?> BelowOne(string name) => Number(name, v => v is >= 0 and < 1, Fraction);

    private static Option<T> Parsed<T>(string name, Func<string, T?> parse, string expected) =>
        CliOption.Parsed(Row(name), parse, expected);

    private static Option<string[]?> Columns(string name) => Parsed<string[]?>(
        name,
        text => text.Split(',', StringSplitOptions.TrimEntries) is var columns && columns.All(column => column.Length > 0) ? columns : null,
        "names or numbers of columns, separated by commas");

    private static int[]? ParseHidden(string text)
    {
        if (text == "none")
        {
            return [];
        }

        string[] parts = text.Split(',');
        int[] units = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out units[i]) || units[i] < 1)
            {
                return null;
            }
        }

        return units;
    }

    private static float[]? ParseRates(string text)
    {
        string[] parts = text.Split(',');
        float[] rates = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isNumber = float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out rates[i]);
            if (!isNumber || rates[i] is not (>= 0 and < 1))
            {
                return null;
            }
        }

        return rates;
    }

    private static Initializer? ParseInitializer(string text)
    {
        string[] parts = text.Split(':');
        InitializerKind? kind = parts[0] switch
        {
            "he" => InitializerKind.He,
            "xavier" => InitializerKind.Xavier,
            "normal" => InitializerKind.Normal,
            "uniform" => InitializerKind.Uniform,
            _ => null,
        };
        return (kind, parts.Length) switch
        {
            (not null, 1) => new Initializer(kind.Value),
            (InitializerKind.Normal or InitializerKind.Uniform, 2) when ParseScale(parts[1]) is { } scale => new(kind.Value, scale),
            _ => null,
        };
    }

    private static float? ParseScale(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float scale) && scale > 0 && float.IsFinite(scale)
            ? scale
            : null;

    private static LossKind? ParseLoss(string text) => text switch
    {
        "cross-entropy" => LossKind.CrossEntropy,
        "mse" => LossKind.MeanSquaredError,
        _ => null,
    };
}
