using System.CommandLine;
using System.Globalization;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Options;

/// <summary>The options of <c>train</c>, group by group as the help shows them.</summary>
internal sealed class TrainOptions
{
    private const string Fraction = "a number of at least 0 and below 1";

    // Data
    public Option<string?> Dataset { get; } = CliOption.Text("--dataset", "mnist|fashion-mnist|DIR|FILE.csv", "The data set: a known name, a directory with four IDX files, or a CSV file. [mnist]");
    public Option<string?> DataDirectory { get; } = CliOption.Text("--data-dir", "DIR", "Where known data sets are looked for first.");
    public Option<int?> Validation { get; } = CliOption.Whole("--validation", "Hold out the first N training rows. [0]", 0);
    public Option<int?> Limit { get; } = CliOption.Whole("--limit", "Train on at most N rows.", 1);

    // Model
    public Option<string?> Model { get; } = CliOption.Text("--model", "FILE.json", "The network as a file, instead of the options of this group.");
    public Option<int[]?> Hidden { get; } = CliOption.Parsed<int[]?>("--hidden", "256[,128…]|none", "Neurons of each hidden layer; none is soft-max regression.", ParseHidden, "the neurons of each hidden layer, each at least 1, such as 256 or 256,128, or none");
    public Option<ActivationKind?> Activation { get; } = CliOption.Choice<ActivationKind>("--activation", "The non-linearity of the hidden layers. [relu]");
    public Option<double?> Slope { get; } = CliOption.Number("--slope", "A", "The slope of leaky-relu for negative inputs [0.01], and the initial one of prelu [0.25].", _ => true, "a number");
    public Option<Initializer?> Init { get; } = CliOption.Parsed<Initializer?>("--init", "he|xavier|normal[:σ]|uniform[:a]", "How weights are drawn; normal and uniform draw biases too. [he]", ParseInitializer, "he, xavier, normal, normal:σ, uniform or uniform:a with a positive number, such as normal:0.1");
    public Option<bool> BatchNorm { get; } = CliOption.Flag("--batch-norm", "Batch normalisation between each hidden layer and its activation.");
    public Option<float[]?> Dropout { get; } = CliOption.Parsed<float[]?>("--dropout", "RATE[,RATE…]", "The fraction dropped after each hidden layer. [0]", ParseRates, $"one rate, or one for each hidden layer, each {Fraction}");
    public Option<double?> InputDropout { get; } = CliOption.Number("--input-dropout", "RATE", "The fraction of the inputs dropped. [0]", v => v is >= 0 and < 1, Fraction);
    public Option<double?> InputNoise { get; } = CliOption.Number("--input-noise", "SIGMA", "The standard deviation of the Gaussian noise on the inputs, as the network sees them, in training. [0]", v => v is >= 0 and <= float.MaxValue, "a finite number of at least 0");

    // Loss
    public Option<LossKind?> Loss { get; } = CliOption.Parsed<LossKind?>("--loss", "cross-entropy|mse", "What is minimised. [cross-entropy; mse for real targets]", ParseLoss, "cross-entropy or mse");
    public Option<double?> ClipProbability { get; } = CliOption.Number("--clip-probability", "P", "Clip probabilities at P before the logarithm, as the notebook does with 1e-10.", v => v is > 0 and < 1, "a number above 0 and below 1");

    // Optimizer
    public Option<OptimizerKind?> Optimizer { get; } = CliOption.Choice<OptimizerKind>("--optimizer", "The optimizer. [adam]");
    public Option<double?> LearningRate { get; } = Positive("--learning-rate", "RATE", "The learning rate, the peak of it for one-cycle.");
    public Option<ScheduleKind?> Schedule { get; } = CliOption.Choice<ScheduleKind>("--schedule", "How the learning rate moves. [constant]");
    public Option<double?> Beta1 { get; } = CliOption.Number("--beta1", "B", "adam, adamw: decay of the mean gradient. [0.9]", v => v is >= 0 and < 1, Fraction);
    public Option<double?> Beta2 { get; } = CliOption.Number("--beta2", "B", "adam, adamw: decay of the mean squared gradient. [0.999]", v => v is >= 0 and < 1, Fraction);
    public Option<double?> Epsilon { get; } = Positive("--epsilon", "E", "adam, adamw, rmsprop, adagrad: added to the denominator. [1e-8; adagrad 1e-10]");
    public Option<double?> Momentum { get; } = CliOption.Number("--momentum", "M", "momentum, nesterov: decay of the velocity. [0.9]", v => v is >= 0 and < 1, Fraction);
    public Option<double?> Rho { get; } = CliOption.Number("--rho", "R", "rmsprop: decay of the mean squared gradient. [0.99]", v => v is >= 0 and < 1, Fraction);
    public Option<double?> ClipNorm { get; } = Positive("--clip-norm", "NORM", "Scale the gradient down to this norm.");

    // Regularisation
    public Option<double?> L1 { get; } = NotNegative("--l1", "λ", "Penalty λ‖w‖₁ on weights. [0]");
    public Option<double?> L2 { get; } = NotNegative("--l2", "λ", "Penalty ½λ‖w‖₂² on weights. [0]");
    public Option<double?> WeightDecay { get; } = NotNegative("--weight-decay", "λ", "adamw: decoupled weight decay. [0.01]");
    public Option<double?> MaxNorm { get; } = Positive("--max-norm", "C", "The most the norm of a neuron's weights may be.");

    // Run
    public Option<string?> Preset { get; } = CliOption.Text("--preset", string.Join('|', Presets.Names), $"Values for the options that are not given. [{Presets.Default}]");
    public Option<int?> Epochs { get; } = CliOption.Whole("--epochs", "Passes over the training rows.", 1);
    public Option<int?> BatchSize { get; } = CliOption.Whole("--batch-size", "Rows of a minibatch.", 1);
    public Option<ulong?> Seed { get; } = CliOption.Seed("--seed", "Decides order, masks, noise and initial weights. [1]");
    public Option<bool> NoShuffle { get; } = CliOption.Flag("--no-shuffle", "File order, the last short batch dropped.");
    public Option<string?> InitFrom { get; } = CliOption.Text("--init-from", "FILE.safetensors", "Start from these parameters instead of drawing them.");
    public Option<double?> TargetAccuracy { get; } = CliOption.Number("--target-accuracy", "A", "Stop at the first evaluation that reaches A.", v => v is > 0 and <= 1, "a number above 0 and at most 1, such as 0.98");
    public Option<int?> EvaluateEvery { get; } = CliOption.Whole("--evaluate-every", "Evaluate after every N-th epoch, and after the last. [1]", 1);

    // Parallel
    public Option<int?> Workers { get; } = CliOption.Whole("--workers", "Workers in this process. [one a core; none with --listen]", 0, 1024);
    public Option<int?> Shards { get; } = CliOption.Whole("--shards", "Shards of a minibatch, a power of two. [up to 16, of at least 64 rows]", 1);
    public Option<string?> Blas { get; } = CliOption.Text("--blas", "simd|openblas|mathnet", "Who multiplies matrices. [simd]");

    // Cluster
    public Option<HostPort?> Listen { get; } = CliOption.Parsed<HostPort?>("--listen", "HOST:PORT", "Coordinate workers of other processes and machines: listen here.", HostPort.Parse, HostPort.Expected);
    public Option<string?> Advertise { get; } = CliOption.Parsed<string?>("--advertise", "HOST", "What workers reach this machine by. [the host of --listen]", HostPort.HostOf, "a name, an IPv4 or an IPv6 address");
    public Option<int?> LinkPort { get; } = CliOption.Whole("--link-port", "The port of the workers' second connections. [a free one]", 1, 65535);
    public Option<HostPort?> LinkAdvertise { get; } = CliOption.Parsed<HostPort?>("--link-advertise", "HOST:PORT", "What workers reach the port of their second connections by, where that is not --advertise and --link-port. Then workers of this machine get no memory to share either.", HostPort.Parse, HostPort.Expected);
    public Option<int?> MinWorkers { get; } = CliOption.Whole("--min-workers", "Compute only while so many workers are there: workers of this process and workers of all nodes, each counts one. [1]", 1);
    public Option<int?> StartWorkers { get; } = CliOption.Whole("--start-workers", "Begin only when so many are there; later --min-workers do. [--min-workers]", 1);
    public Option<TimeSpan?> StartTimeout { get; } = CliOption.Duration("--start-timeout", "How long to wait for the workers to begin with. [10m]");
    public SecurityOptions Security { get; } = new();
    public Option<bool> EndWithInput { get; } = CliOption.EndWithInput();
    public Option<int?> StatusFd { get; } = CliOption.StatusFd();

    // Results
    public Option<int?> StopAfter { get; } = CliOption.Whole("--stop-after", "End after so many steps, as if interrupted then.", 1);
    public Option<string?> Out { get; } = CliOption.Text("--out", "DIR", "The run directory. [runs/<date>-<time>-<name>]");
    public Option<int?> CheckpointEvery { get; } = CliOption.Whole("--checkpoint-every", "Steps between checkpoints. [each epoch, unless writing would take over 2 % of the time, and at most 10 s of work]", 1);
    public Option<string?> Resume { get; } = CliOption.Text("--resume", "DIR", "Go on with the run in DIR from its last checkpoint.");
    public Option<int?> HealthPort { get; } = CliOption.HealthPort();
    public Option<bool> Json { get; } = CliOption.Flag("--json", "Print the result as one JSON object.");
    public Option<string?> Config { get; } = LayeredOptions.CreateConfigOption();

    /// <summary>All of them, in the order of the help.</summary>
    public IEnumerable<Option> All =>
    [
        Dataset, DataDirectory, Validation, Limit,
        Model, Hidden, Activation, Slope, Init, BatchNorm, Dropout, InputDropout, InputNoise,
        Loss, ClipProbability,
        Optimizer, LearningRate, Schedule, Beta1, Beta2, Epsilon, Momentum, Rho, ClipNorm,
        L1, L2, WeightDecay, MaxNorm,
        Preset, Epochs, BatchSize, Seed, NoShuffle, InitFrom, TargetAccuracy, EvaluateEvery,
        Workers, Shards, Blas,
        .. OfCluster,
        Out, CheckpointEvery, StopAfter, Resume, HealthPort, StatusFd, Json, Config,
    ];

    /// <summary>Options of a run whose workers may be elsewhere.</summary>
    public IEnumerable<Option> OfCluster => [Listen, Advertise, LinkPort, LinkAdvertise, MinWorkers, StartWorkers, StartTimeout, .. Security.All, EndWithInput];

    /// <summary>Options that describe what <see cref="Model"/> describes.</summary>
    public IReadOnlyList<Option> OfModel => [Hidden, Activation, Slope, Init, BatchNorm, Dropout, InputDropout, InputNoise];

    /// <summary>Options that only make sense with the optimizer they were chosen for.</summary>
    public IReadOnlyList<Option> OfOptimizer => [LearningRate, Beta1, Beta2, Epsilon, Momentum, Rho, WeightDecay];

    /// <summary>Options that change nothing in what is computed, and so have no place in a run's configuration.</summary>
    public IReadOnlyList<Option> NotConfiguration => [Preset, Config, Json, Out, StopAfter, Resume, HealthPort, StatusFd, .. OfCluster];

    private static Option<double?> Positive(string name, string value, string description) =>
        CliOption.Number(name, value, description, v => v > 0, "a number above 0");

    private static Option<double?> NotNegative(string name, string value, string description) =>
        CliOption.Number(name, value, description, v => v >= 0, "a number of at least 0");

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
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out rates[i]) || !(rates[i] >= 0 && rates[i] < 1))
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
        bool scalable = kind is InitializerKind.Normal or InitializerKind.Uniform;
        float scale = 1;
        return kind is null || parts.Length > 2 || (parts.Length == 2 && !(scalable
            && float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out scale) && scale > 0 && float.IsFinite(scale)))
            ? null
            : new Initializer(kind.Value, scale);
    }

    private static LossKind? ParseLoss(string text) => text switch
    {
        "cross-entropy" => LossKind.CrossEntropy,
        "mse" => LossKind.MeanSquaredError,
        _ => null,
    };
}
