using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Evaluation of a model on rows.</summary>
/// <param name="Accuracy">Fraction of correct predictions; NaN for regression.</param>
/// <param name="Loss">Mean loss.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Confusion">Rows by true class (first index) and predicted class; empty for regression.</param>
internal sealed record ModelEvaluation(double Accuracy, double Loss, int Rows, int[,] Confusion);

/// <summary>A trained model with its state, for evaluation and prediction. One thread at a time may use it.</summary>
internal sealed class TrainedModel : IDisposable
{
    private const int RowsAtOnce = 256;

    private readonly IModel _model;
    private readonly AlignedBuffer _state;

    /// <summary>Creates a model from a state in memory, which is copied.</summary>
    public TrainedModel(ModelSpec spec, ReadOnlySpan<float> state, IBlas blas)
        : this(spec, blas)
    {
        state[.._state.Length].CopyTo(_state.Span);
        _model.Load(_state.Span);
    }

    private TrainedModel(ModelSpec spec, IBlas blas)
    {
        Spec = spec;
        _model = spec.CreateModel(blas, RowsAtOnce);
        _state = new(_model.Layout.StateLength);
    }

    /// <summary>The specification.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Offsets of the tensors in <see cref="State"/>.</summary>
    public ParameterLayout Layout => _model.Layout;

    /// <summary>Parameters and running statistics.</summary>
    public ReadOnlySpan<float> State => _state.Span;

    /// <summary>Name of the data set that a model was trained on; null if its file does not have it.</summary>
    public static string? TrainedOn(SafeTensorsFile file) => RunSpecOf(file)?.Dataset;

    /// <summary>Specification of the run that made a model; null if its file does not have it.</summary>
    /// <exception cref="BadInputException">The entry is not a run's specification.</exception>
    public static RunSpec? RunSpecOf(SafeTensorsFile file) => TrainedFile.RunSpecOf(file);

    /// <summary>Creates the model of a file.</summary>
    /// <param name="file">A model or a checkpoint.</param>
    /// <param name="blas">The backend.</param>
    /// <param name="data">The data set that the model must fit; null for any.</param>
    /// <exception cref="BadInputException">The file holds no model, a model of a newer version, or a model of another shape.</exception>
    public static TrainedModel Load(SafeTensorsFile file, IBlas blas, Dataset? data = null)
    {
        string spec = ModelFile.RequireModelSpec(file);
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

        model._model.Load(model._state.Span);
        return model;
    }

    /// <summary>Computes class probabilities or linear outputs, (rows, outputs), from features, (rows, inputs).</summary>
    public float[] Predict(ReadOnlySpan<float> features, int rows)
    {
        float[] outputs = new float[rows * Spec.Outputs];
        _model.Predict(features, rows, _state.Span, outputs);
        return outputs;
    }

    /// <summary>Computes loss, accuracy and confusion matrix over rows, with running statistics and without dropout.</summary>
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
            _model.Evaluate(rows, _state.Span, metrics, accumulate: first > 0);
        }

        double accuracy = classifies ? metrics[1] / (double)split.Rows : double.NaN;
        return new(accuracy, metrics[0] / (double)split.Rows, split.Rows, Confusion(metrics, classifies ? Spec.Outputs : 0));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
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
