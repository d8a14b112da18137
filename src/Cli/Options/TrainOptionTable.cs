namespace NnCluster.Cli.Options;

/// <summary>Names, values, defaults and help of the options of <c>train</c>. <see cref="TrainOptions"/> has their types.</summary>
internal static class TrainOptionTable
{
    private const string Data = "Data";
    private const string Splits = "Splits";
    private const string Preparation = "Preparation";
    private const string Model = "Model";
    private const string Loss = "Loss";
    private const string Optimizer = "Optimizer";
    private const string Regularisation = "Regularisation";
    private const string Run = "Run";
    private const string Parallel = "Parallel";
    private const string Cluster = "Cluster";
    private const string Output = "Output";

    /// <summary>The rows by the names of the options, in the order of the help.</summary>
    public static OrderedDictionary<string, OptionRow> Rows { get; } = new(All().Select(row => KeyValuePair.Create(row.Name, row)));

    private static OptionRow[] All() =>
    [
        new(Data, "--dataset", "mnist|fashion-mnist|DIR|FILE", "mnist",
            "Known data set, directory with four IDX files, directory with a directory of images for each class, prepared directory (data prepare), "
            + "or file: .csv or .tsv, plain or with .gz, .parquet, .npy or .npz."),
        new(Data, "--data-dir", "DIR", "NNCLUSTER_DATA, then the user's cache directory",
            "Directory that is searched first for a known data set."),
        new(Data, "--header", null, "auto",
            "First line of a .csv or .tsv: names of the columns (yes), a row (no), or names if none of its fields is a number."),
        new(Data, "--target", "COLUMN", "the last", "Column of a table to answer, by name or number."),
        new(Data, "--task", null, "by the values",
            "Text or at most 20 different integers make a classification, other numbers a regression."),
        new(Data, "--ignore", "COLUMN[,COLUMN…]", "none", "Columns of a table that are not used."),
        new(Data, "--text", "COLUMN[,COLUMN…]", "by the values",
            "Columns of a table whose values are names, such as postcodes, even if they look like numbers."),
        new(Data, "--image-size", "WIDTHxHEIGHT", "that of the images", "Size that the images of a directory are scaled to."),
        new(Data, "--image-colour", null, "grey if every training image is", "Colours of the images of a directory."),
        new(Data, "--limit", "N", "all", "Train on at most N rows, drawn by --split-seed."),

        new(Splits, "--test", "FILE|SHARE", "those of the data set, else 0.2", "Test rows: a table, or a share of the rows."),
        new(Splits, "--validation", "FILE|SHARE|N", "0", "Rows held out for validation: a table, a share of the training rows, or a number."),
        new(Splits, "--group", "COLUMN", "none", "Column of a table: rows of equal value are never in two parts."),
        new(Splits, "--no-stratify", null, "off", "Draw rows without giving each class its share of every part."),
        new(Splits, "--split-seed", "S", "1", "Seed of the rows of test, validation and limit."),

        new(Preparation, "--scale", null, "standard", "Scaling of the columns of numbers, and with it of the target of a regression."),
        new(Preparation, "--missing", null, "mean",
            "Replacement of missing numbers, by the training rows. In columns of text it is the most frequent one, unless refused."),
        new(Preparation, "--categories", null, "one-hot", "Treatment of columns of text."),
        new(Preparation, "--class-weight", null, "none",
            "Weights of the classes in the loss; with balanced, each class counts the same however many rows it has."),

        new(Model, "--model", "FILE.json", "the options below", "Network as a file, in place of the options of this group."),
        new(Model, "--hidden", "256[,128…]|none", null, "Neurons of each hidden layer; none is softmax regression."),
        new(Model, "--activation", null, "relu", "Activation function of the hidden layers."),
        new(Model, "--slope", "A", "leaky-relu 0.01, prelu 0.25",
            "Slope for negative inputs: of leaky-relu, and the initial one of prelu."),
        new(Model, "--init", "he|xavier|normal[:σ]|uniform[:a]", "he",
            "Distribution of the initial weights; normal and uniform also draw biases."),
        new(Model, "--batch-norm", null, "off", "Batch normalisation between each hidden layer and its activation."),
        new(Model, "--dropout", "RATE[,RATE…]", "0", "Fraction of the outputs dropped after each hidden layer."),
        new(Model, "--input-dropout", "RATE", "0", "Fraction of the inputs dropped."),
        new(Model, "--input-noise", "SIGMA", "0",
            "Standard deviation of Gaussian noise on the inputs in training, in the units that the network sees."),

        new(Loss, "--loss", "cross-entropy|mse", "cross-entropy; mse for real targets", "Loss that is minimised."),
        new(Loss, "--clip-probability", "P", "off", "Clip probabilities at P before the logarithm; the notebook uses 1e-10."),

        new(Optimizer, "--optimizer", null, "adam", "Optimizer."),
        new(Optimizer, "--learning-rate", "RATE", null,
            "Learning rate; of one-cycle, its peak. Where --optimizer is given, the default is 0.001 for adam, adamw and rmsprop, "
            + "0.01 for momentum, nesterov and adagrad, 0.1 for sgd."),
        new(Optimizer, "--schedule", null, null, "Schedule of the learning rate."),
        new(Optimizer, "--beta1", "B", "0.9", "adam, adamw: decay of the mean gradient."),
        new(Optimizer, "--beta2", "B", "0.999", "adam, adamw: decay of the mean squared gradient."),
        new(Optimizer, "--epsilon", "E", "1e-8; adagrad 1e-10", "adam, adamw, rmsprop, adagrad: term added to the denominator."),
        new(Optimizer, "--momentum", "M", "0.9", "momentum, nesterov: decay of the velocity."),
        new(Optimizer, "--rho", "R", "0.99", "rmsprop: decay of the mean squared gradient."),
        new(Optimizer, "--clip-norm", "NORM", "off", "Scale the gradient down to this 2-norm."),

        new(Regularisation, "--l1", "λ", "0", "Penalty λ‖w‖₁ on weights."),
        new(Regularisation, "--l2", "λ", "0", "Penalty ½λ‖w‖₂² on weights."),
        new(Regularisation, "--weight-decay", "λ", "adamw 0.01", "adamw: decoupled weight decay."),
        new(Regularisation, "--max-norm", "C", "off", "Largest 2-norm of the weights of a neuron."),

        new(Run, "--preset", string.Join('|', Presets.Names), "fast; auto for a table",
            "Set of values for options that are not given; auto chooses by the number of rows."),
        new(Run, "--config", "FILE.json", "none", "File with options, by their names in camelCase; the command line wins."),
        new(Run, "--epochs", "N", null, "Passes over the training rows."),
        new(Run, "--batch-size", "N", null, "Rows of a minibatch."),
        new(Run, "--seed", "S", "1", "Seed of row order, dropout masks, noise and initial weights."),
        new(Run, "--no-shuffle", null, "off", "Keep the order of the file, and drop the last short batch."),
        new(Run, "--init-from", "FILE.safetensors", "random", "Initial parameters."),
        new(Run, "--target-accuracy", "A", "none", "Stop at the first evaluation that reaches accuracy A, from 0 to 1."),
        new(Run, "--patience", "N", "none",
            "Stop after N evaluations without a smaller loss on the validation rows. Needs validation rows."),
        new(Run, "--keep", null, "best where there are validation rows",
            "Model state that is the result: the one with the least loss on the validation rows, or the last."),
        new(Run, "--evaluate-every", "N", "1", "Epochs between evaluations; the last epoch is always evaluated."),
        new(Run, "--stop-after", "N", "the last", "Step after which the run stops as if interrupted."),
        new(Run, "--resume", "DIR", "a new run", "Run directory to resume, from its last checkpoint."),

        new(Parallel, "--workers", "N", "one a core; 0 with --listen", "Workers in this process."),
        new(Parallel, "--shards", "N", "up to 16, of at least 64 rows", "Shards of a minibatch, a power of two; they decide the bits."),
        new(Parallel, "--blas", "simd|openblas|mathnet", "simd", "Matrix multiplication; it decides the bits."),

        new(Cluster, "--listen", "HOST:PORT", "off", "Address to listen on for nodes of other processes and machines."),
        new(Cluster, "--advertise", "HOST[:PORT]", "those of --listen",
            "Name or address, and port where it is another one, by which nodes reach this machine."),
        new(Cluster, "--link-port", "N", "a free one", "Port of the data links."),
        new(Cluster, "--link-advertise", "HOST:PORT", "--advertise and --link-port",
            "Address by which nodes reach the port of the data links. It also turns shared memory off."),
        new(Cluster, "--min-workers", "N", "1", "Workers, of this process and of all nodes, that must be present to compute."),
        new(Cluster, "--start-workers", "N", "--min-workers", "Workers that must be present before the first step."),
        new(Cluster, "--start-timeout", "TIME", "10m", "Longest wait for the first workers."),
        .. SecurityOptions.Rows(Cluster),

        new(Output, "--out", "DIR", "runs/<date>-<time>-<name>", "Run directory."),
        new(Output, "--checkpoint-every", "N", "each epoch",
            "Steps between checkpoints. By default rarer if writing takes over 2\u00a0% of the time, and at most 10\u00a0s of work apart."),
        new(Output, "--tensorboard", null, "off",
            "Write event files into the run directory, which tensorboard --logdir runs shows: scalars, histograms and images of weights."),
        new(Output, "--health-port", "N", "none", "Port that answers GET /healthz, /readyz and /metrics over HTTP."),
        new(Output, "--status-fd", "N", "none",
            "For the program that starts this one: open descriptor that gets status records, one JSON object a line."),
        new(Output, "--json", null, "off", "Print the result as one JSON object."),
    ];
}
