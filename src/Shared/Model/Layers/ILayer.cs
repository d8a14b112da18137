namespace NnCluster.Model;

/// <summary>
/// A layer without a matrix product, working in place on the dense layer's output (rows, units). It keeps what its
/// backward pass needs in a workspace of its own.
/// </summary>
internal interface ILayer : IDisposable
{
    /// <summary>values ← f(values).</summary>
    void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values);

    /// <summary>dValues: ∂L/∂outputs ← ∂L/∂inputs; writes the gradients of the layer's own parameters.</summary>
    /// <param name="pass">The pass that <see cref="Forward"/> ran.</param>
    /// <param name="state">Parameters and running statistics.</param>
    /// <param name="outputs">(rows, units) what the last layer of the block that works in place has written.</param>
    /// <param name="dValues">(rows, units).</param>
    /// <param name="gradient">The gradient of the shard; only this layer's places are written.</param>
    void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient);
}
