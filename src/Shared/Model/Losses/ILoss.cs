namespace NnCluster.Model;

/// <summary>What the last dense layer's outputs (rows, outputs) are worth.</summary>
internal interface ILoss : IDisposable
{
    /// <summary>
    /// Returns the sum of the rows' losses in their order and, with labels, writes the predicted class of every row.
    /// The outputs become predictions: probabilities, or what they were for a linear output.
    /// </summary>
    double Evaluate(in ShardRows rows, Span<float> outputs, Span<int> predictions);

    /// <summary>After <see cref="Evaluate"/>: predictions ← the gradient of the loss sum by the dense layer's outputs.</summary>
    void Differentiate(in ShardRows rows, Span<float> predictions);

    /// <summary>Outputs become predictions, without a loss.</summary>
    void Predict(int rows, Span<float> outputs);
}
