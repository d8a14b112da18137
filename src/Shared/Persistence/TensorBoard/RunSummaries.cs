using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence.TensorBoard;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Summaries of a run for TensorBoard: scalars of steps and evaluations, histograms of the learned tensors, first-layer weights.</summary>
/// <param name="layout">Places of the tensors in a model state.</param>
/// <param name="data">The data set.</param>
internal sealed class RunSummaries(ParameterLayout layout, Dataset data)
{
    private readonly WeightGrid? _grid = WeightGrid.For(layout, data);
    private readonly bool _isClassification = data.Classes > 0;

    /// <summary>The scalars of a step.</summary>
    public SummaryProto Of(StepCompleted step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var summary = new SummaryProto();
        AddLossAndAccuracy(summary, "train", step.Loss, step.BatchAccuracy);
        summary.Value.Add(Scalar("learning_rate", step.LearningRate));
        summary.Value.Add(Scalar("gradient_norm", step.GradientNorm));
        return summary;
    }

    /// <summary>The scalars of an evaluation, and the values of the model state.</summary>
    /// <param name="epoch">The evaluation.</param>
    /// <param name="state">The model state; empty: its values are left out.</param>
    public SummaryProto Of(EpochCompleted epoch, ReadOnlySpan<float> state)
    {
        ArgumentNullException.ThrowIfNull(epoch);
        var summary = new SummaryProto();
        AddLossAndAccuracy(summary, "test", epoch.Test.Loss, epoch.Test.Accuracy);
        if (epoch.Validation is { } validation)
        {
            AddLossAndAccuracy(summary, "validation", validation.Loss, validation.Accuracy);
        }

        if (!state.IsEmpty)
        {
            AddWeights(summary, state);
        }

        return summary;
    }

    private static SummaryValueProto Scalar(string tag, double value) => new() { Tag = tag, SimpleValue = (float)value };

    private void AddLossAndAccuracy(SummaryProto summary, string rows, double loss, double accuracy)
    {
        summary.Value.Add(Scalar($"loss/{rows}", loss));
        if (_isClassification)
        {
            summary.Value.Add(Scalar($"accuracy/{rows}", accuracy));
        }
    }

    private void AddWeights(SummaryProto summary, ReadOnlySpan<float> state)
    {
        foreach (ParameterView tensor in layout.LearnedTensors)
        {
            if (ValueHistogram.Of(tensor.Of(state)) is { } histogram)
            {
                summary.Value.Add(new SummaryValueProto { Tag = tensor.Name, Histo = histogram.ToProto() });
            }
        }

        if (_grid is not null)
        {
            summary.Value.Add(new SummaryValueProto { Tag = $"images/{_grid.TensorName}", Image = _grid.Draw(state) });
        }
    }
}
