using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>How a model does on some rows.</summary>
/// <param name="Accuracy">The share predicted right; NaN for regression.</param>
/// <param name="Loss">The mean loss.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Confusion">Rows by true class (first index) and predicted class; empty for regression.</param>
internal sealed record ModelEvaluation(double Accuracy, double Loss, int Rows, int[,] Confusion);

/// <summary>A trained network with its parameters, ready to evaluate and to predict. One thread at a time may use it.</summary>
internal sealed class TrainedModel : IDisposable
{
    private const int RowsAtOnce = 256;

    private readonly Network _network;
    private readonly AlignedBuffer _state;

    /// <summary>A model of parameters and running statistics in memory, which are copied.</summary>
    public TrainedModel(ModelSpec spec, ReadOnlySpan<float> state, IBlas blas)
        : this(spec, blas)
    {
        state[.._state.Length].CopyTo(_state.Span);
        _network.Load(_state.Span);
    }

    private TrainedModel(ModelSpec spec, IBlas blas)
    {
        Spec = spec;
        _network = new(spec, blas, RowsAtOnce);
        _state = new(_network.Layout.StateLength);
    }

    /// <summary>The network.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Where each tensor lies in <see cref="State"/>.</summary>
    public ParameterLayout Layout => _network.Layout;

    /// <summary>Parameters and running statistics.</summary>
    public ReadOnlySpan<float> State => _state.Span;

    /// <summary>Reads the file of a run's model: its <c>model.safetensors</c>, else its last checkpoint; or a file given by name.</summary>
    /// <exception cref="BadInputException">There is none, or it cannot be read.</exception>
    public static SafeTensorsFile ReadFile(string runOrFile)
    {
        if (!Directory.Exists(runOrFile))
        {
            return SafeTensorsFile.Read(runOrFile);
        }

        string path = Path.Combine(runOrFile, "model.safetensors");
        return SafeTensorsFile.Read(File.Exists(path) ? path : ResumePoint.Find(runOrFile).File.Path);
    }

    /// <summary>The name of the data set a model was trained on; null where its file does not say.</summary>
    public static string? TrainedOn(SafeTensorsFile file) => RunSpecOf(file)?.Dataset;

    /// <summary>What decided the bits of the run a model is from; null where its file does not say.</summary>
    /// <exception cref="BadInputException">It says something else.</exception>
    public static RunSpec? RunSpecOf(SafeTensorsFile file) =>
        file.Metadata.TryGetValue("runSpec", out string? spec) ? RunSpecJson.Parse(spec, file.Path) : null;

    /// <summary>Builds the network a file describes.</summary>
    /// <param name="file">A model or a checkpoint.</param>
    /// <param name="blas">The backend.</param>
    /// <param name="data">The data set it must fit; null where any will do.</param>
    /// <exception cref="BadInputException">The file holds no model, or one of another shape.</exception>
    public static TrainedModel Load(SafeTensorsFile file, IBlas blas, Dataset? data = null)
    {
        string spec = file.Metadata.GetValueOrDefault(ModelFile.ModelSpecKey)
            ?? throw new BadInputException($"{file.Path}: is no model of this program: its metadata has no '{ModelFile.ModelSpecKey}'.");
        var model = new TrainedModel(ModelSpec.Parse(spec, file.Path, data?.Features, data?.Outputs), blas);
        try
        {
            ModelFile.CopyTo(file, model.Layout.Tensors, model._state.Span);
        }
        catch
        {
            model.Dispose();
            throw;
        }

        model._network.Load(model._state.Span);
        return model;
    }

    /// <summary>Class probabilities or linear outputs, (rows, outputs), for features (rows, inputs).</summary>
    public float[] Predict(ReadOnlySpan<float> features, int rows)
    {
        float[] outputs = new float[rows * Spec.Outputs];
        _network.Predict(features, rows, _state.Span, outputs);
        return outputs;
    }

    /// <summary>Loss, accuracy and confusion over rows, in evaluation: running statistics, no dropout.</summary>
    public ModelEvaluation Evaluate(DataSplit split)
    {
        float[] metrics = new float[Layout.EvaluationLength];
        float[] features = new float[RowsAtOnce * Spec.Inputs];
        bool classifies = !split.Labels.IsEmpty;
        for (int first = 0; first < split.Rows; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, split.Rows - first);
            split.Copy(first, count, features);
            var rows = new ShardRows
            {
                Count = count,
                Features = features.AsSpan(0, count * Spec.Inputs),
                Labels = classifies ? split.Labels.Slice(first, count) : [],
                Targets = classifies ? [] : split.Targets.Slice(first * Spec.Outputs, count * Spec.Outputs),
            };
            _network.Evaluate(rows, _state.Span, metrics, accumulate: first > 0);
        }

        double accuracy = classifies ? metrics[1] / (double)split.Rows : double.NaN;
        return new(accuracy, metrics[0] / (double)split.Rows, split.Rows, Confusion(metrics, classifies ? Spec.Outputs : 0));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Dispose();
        _state.Dispose();
    }

    private static int[,] Confusion(float[] metrics, int classes)
    {
        int[,] counts = new int[classes, classes];
        for (int i = 0; i < classes * classes; i++)
        {
            counts[i / classes, i % classes] = (int)metrics[ParameterLayout.ConfusionOffset + i];
        }

        return counts;
    }
}
