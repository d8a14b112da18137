using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Training;

namespace NnCluster.Cli.Options;

/// <summary>Reads the options of <c>train</c> and resolves them against the data set.</summary>
internal static class TrainRequestReader
{
    /// <summary>Reads the options of a run. Those that do not depend on the data are checked before the data set is opened.</summary>
    /// <param name="given">The command line.</param>
    /// <param name="options">The options of <c>train</c>.</param>
    /// <param name="open">Opens a data set by its name, the data directory and the options for tables.</param>
    /// <exception cref="BadInputException">An option contradicts another one or the data.</exception>
    public static async Task<TrainRequest> ReadAsync(ParseResult given, TrainOptions options, Func<string, string?, TableOptions, Task<Dataset>> open)
    {
        IBlas blas = NnCluster.Numerics.Blas.Create(given.GetValue(options.Blas) ?? "simd");
        RequireConsistent(given, options);
        ClusterRequest? cluster = ClusterOf(given, options);
        Dataset data = await DataOfAsync(given, options, open).ConfigureAwait(false);
        RunSpec spec = SpecOf(given, options, data, blas);
        int workers = given.GetValue(options.Workers) ?? (cluster is null ? Environment.ProcessorCount : 0);
        return new()
        {
            Spec = spec,
            Data = data,
            Blas = blas,
            Workers = workers,
            Cluster = cluster,
            Settings = SettingsOf(given, options, spec.SettingsFor(data), cluster is not null),
            // A resumed run reads its parameters from the checkpoint.
            InitFrom = given.GetValue(options.Resume) is null ? given.GetValue(options.InitFrom) : null,
            Out = given.GetValue(options.Out),
            Config = ConfigOf(given, options, spec, blas, workers),
        };
    }

    private static bool IsGiven(ParseResult given, Option option) => given.GetResult(option) is { Implicit: false };

    private static async Task<Dataset> DataOfAsync(
        ParseResult given, TrainOptions options, Func<string, string?, TableOptions, Task<Dataset>> open)
    {
        string name = given.GetValue(options.Dataset) ?? "mnist";
        Dataset data = await open(name, given.GetValue(options.DataDirectory), TableOptionsOf(given, options)).ConfigureAwait(false);
        RequireTable(given, options, data, name);
        bool isFolder = data.Images is not null && Directory.Exists(name) && IdxDirectory.Missing(name).Length == KnownDatasets.FileNames.Length;
        if (!isFolder && options.OfImages.FirstOrDefault(option => IsGiven(given, option)) is { } other)
        {
            throw new BadInputException($"{other.Name} is for directories of images, and --dataset {name} is none.");
        }

        return data.Test.Rows > 0 ? data : throw new BadInputException($"--dataset {name}: has no test rows.");
    }

    /// <summary>Checks that options for tables are given for a table only.</summary>
    /// <exception cref="BadInputException">The data set is no table.</exception>
    public static void RequireTable(ParseResult given, TrainOptions options, Dataset data, string name)
    {
        if (data.Preparation is null && options.OfTables.FirstOrDefault(option => IsGiven(given, option)) is { } stray)
        {
            throw new BadInputException($"{stray.Name} is for tables, and {name} is a set of images.");
        }
    }

    /// <summary>The options of a data set: target, task, parts and preparation.</summary>
    public static TableOptions TableOptionsOf(ParseResult given, TrainOptions options) => new()
    {
        Header = given.GetValue(options.Header) ?? HeaderKind.Auto,
        Target = given.GetValue(options.Target),
        // A loss for real targets is a regression, whatever the values look like.
        Task = given.GetValue(options.Task)
            ?? (given.GetValue(options.Loss) is LossKind.MeanSquaredError ? ModelTask.Regression : null),
        Ignore = [.. given.GetValue(options.Ignore) ?? []],
        Text = [.. given.GetValue(options.TextColumns) ?? []],
        Group = given.GetValue(options.Group),
        TestFile = given.GetValue(options.Test)?.File,
        ValidationFile = given.GetValue(options.Validation)?.File,
        Splits = new()
        {
            Test = given.GetValue(options.Test) is { File: null } test ? test.Rows : new SplitOptions().Test,
            Validation = given.GetValue(options.Validation)?.Rows ?? 0,
            Limit = given.GetValue(options.Limit),
            Seed = given.GetValue(options.SplitSeed) ?? 1,
            Stratify = !given.GetValue(options.NoStratify),
        },
        Images = new() { Size = given.GetValue(options.ImageSize), Colour = given.GetValue(options.ImageColour) },
        Preparation = new()
        {
            Scaling = given.GetValue(options.Scale) ?? ScalingKind.Standard,
            Missing = given.GetValue(options.Missing) ?? MissingKind.Mean,
            Categories = given.GetValue(options.Categories) ?? CategoryKind.OneHot,
        },
        IsGiven = property => OptionNames.All.TryGetValue(property, out string? name)
            && given.CommandResult.Command.Options.FirstOrDefault(option => option.Name == name) is { } option && IsGiven(given, option),
    };

    private static RunSpec SpecOf(ParseResult given, TrainOptions options, Dataset data, IBlas blas)
    {
        var automatic = AutomaticValues.For(data);
        int batch = BatchOf(given, options, data, automatic);
        ModelSpec model = ModelOf(given, options, data);
        var spec = new RunSpec
        {
            Dataset = data.Name,
            DatasetSha256 = data.Sha256,
            Splits = data.Splits,
            Model = model,
            Optimizer = OptimizerOf(given, options, automatic),
            Epochs = given.GetValue(options.Epochs) ?? automatic.Epochs,
            BatchSize = batch,
            Shards = given.GetValue(options.Shards) ?? ReductionTree.DefaultShards(batch),
            Seed = given.GetValue(options.Seed) ?? 1,
            Shuffle = !given.GetValue(options.NoShuffle),
            Selection = ModelSelection.For(
                given.GetValue(options.Keep) is { } keep ? keep == KeepKind.Best : null,
                given.GetValue(options.Patience),
                given.GetValue(options.EvaluateEvery) ?? 1,
                data.Validation.Rows > 0),
            Arithmetic = blas.Arithmetic,
        };
        model.ValidateShardRows(spec.MinibatchTree.MinShardRows);
        return spec;
    }

    private static int BatchOf(ParseResult given, TrainOptions options, Dataset data, AutomaticValues automatic)
    {
        int batch = given.GetValue(options.BatchSize) ?? automatic.BatchSize;
        return batch <= data.Train.Rows ? batch
            : throw new BadInputException(IsGiven(given, options.BatchSize)
                ? $"--batch-size {batch}: there are only {data.Train.Rows} training rows."
                : $"a batch of {batch} rows is larger than the {data.Train.Rows} training rows.");
    }

    private static RunSettings SettingsOf(ParseResult given, TrainOptions options, RunSettings settings, bool isCluster) => settings with
    {
        EvaluateEvery = given.GetValue(options.EvaluateEvery) ?? 1,
        TargetAccuracy = given.GetValue(options.TargetAccuracy),
        StopAfter = given.GetValue(options.StopAfter),
        CheckpointEvery = given.GetValue(options.CheckpointEvery),
        MinWorkers = given.GetValue(options.MinWorkers) ?? 1,
        StartWorkers = given.GetValue(options.StartWorkers) ?? 0,
        Recovery = isCluster ? new RecoveryOptions() : RecoveryOptions.InProcess,
    };

    private static void RequireConsistent(ParseResult given, TrainOptions options)
    {
        bool Given(Option option) => IsGiven(given, option);
        if (Given(options.Model) && options.OfModel.FirstOrDefault(Given) is { } second)
        {
            throw new BadInputException($"{options.Model.Name} and {second.Name} both describe the network: give one of them.");
        }

        if (Given(options.Resume) && Given(options.Out))
        {
            string resume = $"--resume {given.GetValue(options.Resume)}";
            string directory = $"--out {given.GetValue(options.Out)}";
            throw new BadInputException($"{resume} and {directory}: a run resumes in its own directory; give one of them.");
        }

        if (Given(options.Slope) && given.GetValue(options.Activation) is not (ActivationKind.LeakyRelu or ActivationKind.Prelu))
        {
            throw new BadInputException("--slope needs --activation leaky-relu or prelu.");
        }
    }

    private static ClusterRequest? ClusterOf(ParseResult given, TrainOptions options)
    {
        if (given.GetValue(options.Listen) is not { } listen)
        {
            RequireNoCluster(given, options);
            return null;
        }

        if (listen.Host is "0.0.0.0" or "[::]" && given.GetValue(options.Advertise) is null)
        {
            throw new BadInputException(
                $"--listen {listen}: give with --advertise HOST the name or address by which nodes reach this machine.");
        }

        return new()
        {
            Listen = listen,
            Advertise = given.GetValue(options.Advertise),
            LinkPort = given.GetValue(options.LinkPort) ?? 0,
            LinkAdvertise = given.GetValue(options.LinkAdvertise),
            StartTimeout = given.GetValue(options.StartTimeout) ?? TimeSpan.FromMinutes(10),
            Security = options.Security.Load(given, listen.Host),
        };
    }

    private static void RequireNoCluster(ParseResult given, TrainOptions options)
    {
        IEnumerable<Option> clusterOnly = options.OfCluster.Except([options.EndWithInput]);
        if (clusterOnly.FirstOrDefault(option => IsGiven(given, option)) is { } stray)
        {
            throw new BadInputException($"{stray.Name} needs --listen: without it no node can join.");
        }

        if (given.GetValue(options.Workers) == 0)
        {
            throw new BadInputException("--workers 0 needs --listen: no worker would compute.");
        }
    }

    private static ModelSpec ModelOf(ParseResult given, TrainOptions options, Dataset data)
    {
        LossKind loss = given.GetValue(options.Loss) ?? (data.Classes > 0 ? LossKind.CrossEntropy : LossKind.MeanSquaredError);
        if (loss == LossKind.CrossEntropy && data.Classes == 0)
        {
            throw new BadInputException($"--loss cross-entropy: {data.Name} has real-valued targets and no classes; use --loss mse.");
        }

        ModelSpec spec = given.GetValue(options.Model) is { } model
            ? ModelFromFile(given, options, data, model, loss)
            : ModelFromOptions(given, options, data, loss);
        if (given.GetValue(options.ClassWeight) is ClassWeighting.Balanced)
        {
            spec = spec with { ClassWeights = BalancedWeights(data) };
        }

        spec.Validate();
        return spec;
    }

    private static ImmutableArray<float> BalancedWeights(Dataset data) => data.Classes > 0
        ? ClassWeights.Balanced(data.Train.Labels, data.Classes)
        : throw new BadInputException("--class-weight balanced needs classes, and the targets of this data set are numbers.");

    private static ModelSpec ModelFromFile(ParseResult given, TrainOptions options, Dataset data, string model, LossKind loss)
    {
        // A run's config.json contains the model itself instead of the path of a file that may change.
        ModelSpec file = model.StartsWith('{')
            ? ModelSpec.Parse(model, options.Model.Name, data.Features, data.Outputs)
            : ModelSpec.Read(model, data.Features, data.Outputs);
        file = IsGiven(given, options.Loss) || data.Classes == 0 ? file with { Loss = loss } : file;
        return given.GetValue(options.ClipProbability) is { } clip ? file with { ClipProbability = (float)clip } : file;
    }

    private static ModelSpec ModelFromOptions(ParseResult given, TrainOptions options, Dataset data, LossKind loss)
    {
        int[] hidden = IsGiven(given, options.Hidden) ? given.GetValue(options.Hidden) ?? [] : AutomaticValues.Hidden;
        float[] dropout = given.GetValue(options.Dropout) is { Length: > 0 } rates ? rates : [0];
        if (dropout.Length != 1 && dropout.Length != hidden.Length)
        {
            throw new BadInputException(
                $"--dropout has {dropout.Length} rates for {hidden.Length} hidden layers: give one, or one for each.");
        }

        return new()
        {
            Inputs = data.Features,
            Outputs = data.Outputs,
            Hidden = [.. hidden.Select((units, i) => new HiddenLayer
            {
                Units = units,
                Activation = given.GetValue(options.Activation) ?? ActivationKind.Relu,
                Slope = (float?)given.GetValue(options.Slope),
                BatchNorm = given.GetValue(options.BatchNorm),
                Dropout = dropout.Length == 1 ? dropout[0] : dropout[i],
            })],
            InputDropout = (float)(given.GetValue(options.InputDropout) ?? 0),
            InputNoise = (float)(given.GetValue(options.InputNoise) ?? 0),
            Initializer = given.GetValue(options.Init) ?? new(InitializerKind.He),
            Loss = loss,
            ClipProbability = (float?)given.GetValue(options.ClipProbability),
        };
    }

    // A given optimizer has its own default of the learning rate.
    private static OptimizerSpec OptimizerOf(ParseResult given, TrainOptions options, AutomaticValues automatic) => new OptimizerSpec
    {
        Kind = given.GetValue(options.Optimizer) ?? OptimizerKind.Adam,
        LearningRate = given.GetValue(options.LearningRate) ?? (IsGiven(given, options.Optimizer) ? null : AutomaticValues.LearningRate),
        Schedule = given.GetValue(options.Schedule)
            ?? (IsGiven(given, options.Optimizer) || IsGiven(given, options.LearningRate) ? ScheduleKind.Constant : AutomaticValues.Schedule),
        Beta1 = given.GetValue(options.Beta1),
        Beta2 = given.GetValue(options.Beta2),
        Epsilon = given.GetValue(options.Epsilon),
        Momentum = given.GetValue(options.Momentum),
        Rho = given.GetValue(options.Rho),
        ClipNorm = given.GetValue(options.ClipNorm),
        L1 = given.GetValue(options.L1) ?? 0,
        L2 = given.GetValue(options.L2) ?? DefaultL2(given, options, automatic),
        WeightDecay = given.GetValue(options.WeightDecay),
        MaxNorm = given.GetValue(options.MaxNorm),
    }.Resolve();

    // Presets for images have no penalty.
    private static double DefaultL2(ParseResult given, TrainOptions options, AutomaticValues automatic) =>
        (given.GetValue(options.Preset) ?? Presets.DefaultFor(given.GetValue(options.Dataset))) == Presets.Automatic
            ? automatic.L2
            : 0;

    /// <summary>The content of <c>config.json</c>: the options given, as text, and those resolved here.</summary>
    private static string ConfigOf(ParseResult given, TrainOptions options, RunSpec spec, IBlas blas, int workers)
    {
        var config = new JsonObject();
        foreach (Option option in options.All.Except(options.NotConfiguration).Where(option => IsGiven(given, option)))
        {
            config[LayeredOptions.JsonName(option)] = option == options.Model
                ? JsonNode.Parse(spec.Model.ToJson())
                : ConfigValue(given, options, option);
        }

        void Set(Option option, string value) => config[LayeredOptions.JsonName(option)] = value;
        config.TryAdd(LayeredOptions.JsonName(options.Dataset), "mnist");
        Set(options.Optimizer, CliOption.NameOf(spec.Optimizer.Kind));
        Set(options.LearningRate, JsonSerializer.Serialize(spec.Optimizer.LearningRate));
        Set(options.Schedule, CliOption.NameOf(spec.Optimizer.Schedule));
        if (!config.ContainsKey(LayeredOptions.JsonName(options.Model)))
        {
            Set(options.Hidden, spec.Model.Hidden.Length == 0 ? "none" : string.Join(',', spec.Model.Hidden.Select(layer => layer.Units)));
        }

        Set(options.L2, JsonSerializer.Serialize(spec.Optimizer.L2));
        Set(options.Epochs, $"{spec.Epochs}");
        Set(options.BatchSize, $"{spec.BatchSize}");
        Set(options.Seed, $"{spec.Seed}");
        Set(options.Shards, $"{spec.Shards}");
        if (workers > 0)
        {
            Set(options.Workers, $"{workers}");
        }

        Set(options.Blas, blas.Name);
        return config.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    // The run may be resumed from another directory: its paths are absolute.
    private static string ConfigValue(ParseResult given, TrainOptions options, Option option)
    {
        string value = given.GetResult(option)!.Tokens is [{ } token, ..] ? token.Value : "true";
        bool isPath = option == options.InitFrom || option == options.DataDirectory
            || ((option == options.Test || option == options.Validation) && RowsOrFile.Parse(value) is { File: not null })
            || (option == options.Dataset && KnownDatasets.All.All(set => set.Name != value) && Path.Exists(value));
        return isPath ? Path.GetFullPath(value) : value;
    }
}
