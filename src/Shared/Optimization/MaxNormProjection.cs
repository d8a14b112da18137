using System.Collections.Immutable;
using NnCluster.Model;

namespace NnCluster.Optimization;

/// <summary>
/// Scales rows of weights longer than <paramref name="limit"/> (2-norm, one row a neuron) down to it: w ← w·c/‖w‖₂
/// (Srebro et al. 2005; Srivastava et al. 2014, section 5.1). Neurons are numbered consecutively over all weight tensors.
/// </summary>
internal sealed class MaxNormProjection(ImmutableArray<ParameterView> weights, double limit)
{
    /// <summary>Projects the neurons <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/> - 1.</summary>
    public void Project(int first, int count, Span<float> parameters)
    {
        int tensorFirst = 0; // number of the tensor's first neuron
        foreach (ParameterView weight in weights)
        {
            int rows = weight.Shape[0];
            int inputs = weight.Length / rows;
            Span<float> tensor = weight.Of(parameters);
            int end = Math.Min(rows, first + count - tensorFirst);
            for (int row = Math.Max(0, first - tensorFirst); row < end; row++)
            {
                ProjectRow(tensor.Slice(row * inputs, inputs));
            }

            tensorFirst += rows;
        }
    }

    private void ProjectRow(Span<float> row)
    {
        double norm = Math.Sqrt(OrderedSums.Squares(row));
        if (norm > limit)
        {
            float factor = (float)(limit / norm);
            for (int i = 0; i < row.Length; i++)
            {
                row[i] *= factor;
            }
        }
    }
}
