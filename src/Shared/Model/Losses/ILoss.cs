namespace NnCluster.Model;

/// <summary>A loss of the last dense layer's outputs (rows, outputs).</summary>
internal interface ILoss : IDisposable
{
    /// <summary>
    /// Returns the sum of the rows' losses, added in row order, and, with labels, writes the predicted class of every row.
    /// The outputs become predictions: probabilities, or unchanged for a linear output.
    /// </summary>
    double Evaluate(in ShardRows rows, Span<float> outputs, Span<int> predictions);

    /// <summary>predictions ← gradient of the loss sum by the dense layer's outputs. Follows <see cref="Evaluate"/>.</summary>
    void Differentiate(in ShardRows rows, Span<float> predictions);

    /// <summary>outputs ← predictions; computes no loss.</summary>
    void Predict(int rows, Span<float> outputs);
}
