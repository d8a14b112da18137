namespace NnCluster.Model;

/// <summary>
/// A model with its workspace, made for shards of at most a fixed number of rows. It holds no model state except what
/// <see cref="Load"/> prepared from it. One thread at a time may use an instance; several instances of one
/// <see cref="ModelSpec"/> are independent. <see cref="ModelSpec.CreateModel"/> creates it.
/// </summary>
public interface IModel : IDisposable
{
    /// <summary>Places of the tensors, the gradients and the metrics in flat buffers.</summary>
    ParameterLayout Layout { get; }

    /// <summary>Prepares for a new model state, for instance by packing the weights. The other methods take the same state again.</summary>
    /// <param name="state">At least <see cref="ParameterLayout.StateLength"/> floats.</param>
    void Load(ReadOnlySpan<float> state);

    /// <summary>
    /// Computes the sum over the rows of the gradient of the loss, with loss sum, correct predictions, batch statistics and
    /// active counts at the places that <see cref="ParameterLayout"/> gives them.
    /// </summary>
    /// <param name="rows">At most the model's maximum of rows, at least <see cref="ModelSpec.MinimumRows"/>, or none.</param>
    /// <param name="state">The state of the last <see cref="Load"/>.</param>
    /// <param name="sum">At least <see cref="ParameterLayout.GradientLength"/> floats.</param>
    /// <param name="accumulate">
    /// false: overwrites <paramref name="sum"/>, padding included. true: adds to it; each element gets the bits of
    /// sum + gradient of the rows, added once.
    /// </param>
    /// <exception cref="BadInputException">Too few rows for a layer.</exception>
    /// <exception cref="InvalidOperationException">No state was loaded.</exception>
    void ComputeGradient(in ShardRows rows, ReadOnlySpan<float> state, Span<float> sum, bool accumulate);

    /// <summary>
    /// Computes loss sum, correct predictions and confusion counts of the rows in evaluation: running statistics, no noise,
    /// no dropout.
    /// </summary>
    /// <param name="rows">At most the model's maximum of rows.</param>
    /// <param name="state">The state of the last <see cref="Load"/>.</param>
    /// <param name="metrics">At least <see cref="ParameterLayout.EvaluationLength"/> floats.</param>
    /// <param name="accumulate">Whether the rows are added to the metrics or overwrite them.</param>
    /// <exception cref="InvalidOperationException">No state was loaded.</exception>
    void Evaluate(in ShardRows rows, ReadOnlySpan<float> state, Span<float> metrics, bool accumulate);

    /// <summary>Computes class probabilities, or linear outputs for the squared error, in evaluation.</summary>
    /// <param name="features">(rows, inputs).</param>
    /// <param name="rows">Any number of rows.</param>
    /// <param name="state">The state of the last <see cref="Load"/>.</param>
    /// <param name="outputs">(rows, outputs).</param>
    /// <exception cref="InvalidOperationException">No state was loaded.</exception>
    void Predict(ReadOnlySpan<float> features, int rows, ReadOnlySpan<float> state, Span<float> outputs);
}
