using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Mean loss and accuracy of the minibatches since the last <see cref="Reset"/>.</summary>
internal sealed class EpochMeans
{
    private double _loss;
    private double _accuracy;
    private int _steps;

    /// <summary>Adds a minibatch.</summary>
    public void Add(float loss, float accuracy)
    {
        _loss += loss;
        _accuracy += accuracy;
        _steps++;
    }

    /// <summary>Returns the means since the last call, NaN if no step was added, and clears them.</summary>
    public (float Loss, float Accuracy) Reset()
    {
        (float, float) means = _steps == 0 ? (float.NaN, float.NaN) : ((float)(_loss / _steps), (float)(_accuracy / _steps));
        (_loss, _accuracy, _steps) = (0, 0, 0);
        return means;
    }
}
