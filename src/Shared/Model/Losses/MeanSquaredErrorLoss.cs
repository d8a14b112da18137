using System.Collections.Immutable;
using System.Numerics.Tensors;

namespace NnCluster.Model;

/// <summary>
/// Mean over the outputs of (output − target)² of a linear output. The gradient is 2·(output − target) / outputs. A label
/// is a one-hot target; with class weights, loss and gradient of a row are multiplied by the weight of its class.
/// </summary>
internal sealed class MeanSquaredErrorLoss(int outputCount, ImmutableArray<float>? weights = null) : ILoss
{
    /// <inheritdoc/>
    public double Evaluate(in ShardRows rows, Span<float> outputs, Span<int> predictions)
    {
        double loss = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<float> row = outputs.Slice(i * outputCount, outputCount);
            float sum = 0f;
            for (int j = 0; j < row.Length; j++)
            {
                float error = row[j] - Target(rows, i, j);
                sum += error * error;
            }

            float rowLoss = sum / outputCount;
            loss += IsWeighted(rows) ? WeightOf(rows, i) * rowLoss : rowLoss;
            if (!rows.Labels.IsEmpty)
            {
                predictions[i] = Classification.ArgMax(row);
            }
        }

        return loss;
    }

    /// <inheritdoc/>
    public void Differentiate(in ShardRows rows, Span<float> predictions)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            Span<float> row = predictions.Slice(i * outputCount, outputCount);
            for (int j = 0; j < row.Length; j++)
            {
                row[j] = 2f * (row[j] - Target(rows, i, j)) / outputCount;
            }

            if (IsWeighted(rows))
            {
                TensorPrimitives.Multiply(row, WeightOf(rows, i), row);
            }
        }
    }

    /// <inheritdoc/>
    public void Predict(int rows, Span<float> outputs)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private bool IsWeighted(in ShardRows rows) => weights is not null && !rows.Labels.IsEmpty;

    private float WeightOf(in ShardRows rows, int row) => weights!.Value[rows.Labels[row]];

    private float Target(in ShardRows rows, int row, int output)
    {
        if (!rows.Labels.IsEmpty)
        {
            return rows.Labels[row] == output ? 1f : 0f;
        }

        return rows.Targets[(row * outputCount) + output];
    }
}
