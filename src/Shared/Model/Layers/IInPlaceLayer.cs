namespace NnCluster.Model;

/// <summary>
/// A layer of a hidden block that works in place on the dense layer's outputs (rows, units). An instance belongs to one
/// model and is used by one thread at a time; its passes allocate nothing.
/// </summary>
/// <remarks>
/// The bits of a pass may depend on the model state, the rows and the <see cref="ShardPass"/> only: any participant may
/// compute any shard.
/// </remarks>
public interface IInPlaceLayer : IDisposable
{
    /// <summary>
    /// Whether <see cref="Backward"/> reads its <c>outputs</c>. If another layer of the block follows, the block keeps a copy
    /// of them for that.
    /// </summary>
    bool ReadsOutputs { get; }

    /// <summary>values ← f(values).</summary>
    /// <param name="pass">The rows and their place in the run.</param>
    /// <param name="state">Model state: parameters and running statistics.</param>
    /// <param name="values">(rows, units).</param>
    void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values);

    /// <summary>dValues: ∂L/∂outputs ← ∂L/∂inputs. Overwrites the gradients of the layer's own tensors and its active counts.</summary>
    /// <param name="pass">The pass of the preceding <see cref="Forward"/>.</param>
    /// <param name="state">Model state: parameters and running statistics.</param>
    /// <param name="outputs">(rows, units): this layer's outputs if <see cref="ReadsOutputs"/>, otherwise unspecified.</param>
    /// <param name="dValues">(rows, units).</param>
    /// <param name="gradient">Gradient buffer of the shard, <see cref="ParameterLayout.GradientLength"/> floats.</param>
    void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient);
}
