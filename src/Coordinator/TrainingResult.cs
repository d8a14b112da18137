using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Training;

namespace NnCluster;

/// <summary>A trained model, with the results and metrics of its run.</summary>
public sealed class TrainingResult
{
    private readonly RunSpec _spec;
    private readonly ModelOrigin _origin;
    private readonly float[] _state;

    internal TrainingResult(
        RunSpec spec, Dataset data, bool isInterrupted, RunSummary summary, RunHistory history, ReadOnlySpan<float> state)
    {
        _spec = spec;
        _origin = ModelOrigin.Of(data);
        Preparation = data.Preparation;
        Images = data.Images;
        _state = state.ToArray();
        IsInterrupted = isInterrupted;
        Summary = summary;
        History = history;
    }

    /// <summary>Whether the run was cancelled, or reached <see cref="TrainerOptions.StopAfter"/>, before its last epoch.</summary>
    public bool IsInterrupted { get; }

    /// <summary>Results of the run: accuracies and losses, steps, times, SHA-256 of the weights.</summary>
    public RunSummary Summary { get; }

    /// <summary>Loss of every step and evaluation of every epoch of this term.</summary>
    public RunHistory History { get; }

    /// <summary>Preparation of a table's rows; null if the model was not trained on a table.</summary>
    public Preparation? Preparation { get; }

    /// <summary>Preparation of images; null if the model was not trained on images whose preparation is known.</summary>
    public ImagePreparation? Images { get; }

    /// <summary>The network.</summary>
    public ModelSpec Model => _spec.Model;

    /// <summary>The model state: parameters and running statistics, in the layout of <see cref="ParameterLayout.For"/>.</summary>
    public ReadOnlyMemory<float> ModelState => _state;

    /// <summary>Creates a predictor of the model. The caller disposes it.</summary>
    public Predictor CreatePredictor() => new(Model, _state, preparation: Preparation, images: Images);

    /// <inheritdoc cref="Predictor.SaveOnnx"/>
    public void SaveOnnx(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        OnnxFile.Write(path, new(Model, _state, Preparation, _origin));
    }

    /// <summary>Writes a model file, which <see cref="Predictor.Load"/> and <c>nncluster predict</c> read.</summary>
    /// <param name="path">The file; an existing one is replaced at once when the new one is complete.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        using var state = new AlignedBuffer(_state.Length);
        _state.CopyTo(state.Span);
        TrainedFile.Write(path, _spec, Preparation, _origin, state, Summary.BestStep ?? Summary.Steps);
    }
}

/// <summary>A run failed, for example because its loss is not finite. Its last checkpoint is its last good state.</summary>
public sealed class TrainingFailedException : Exception
{
    internal TrainingFailedException(string reason, TrainingResult result)
        : base(reason) => Result = result;

    /// <summary>Metrics up to the failure, and the model state at that step.</summary>
    public TrainingResult Result { get; }
}
