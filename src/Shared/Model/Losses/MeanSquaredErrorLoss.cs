namespace NnCluster.Model;

/// <summary>
/// Mean over the outputs of (output − target)² of a linear output. The gradient is 2·(output − target) / outputs. A label
/// is a one-hot target.
/// </summary>
internal sealed class MeanSquaredErrorLoss(int outputCount) : ILoss
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

            loss += sum / outputCount;
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

    private float Target(in ShardRows rows, int row, int output)
    {
        if (!rows.Labels.IsEmpty)
        {
            return rows.Labels[row] == output ? 1f : 0f;
        }

        return rows.Targets[(row * outputCount) + output];
    }
}
