using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Writes the model state before the first step. Every tensor has a random stream of its own, so its values depend on the
/// seed, its index in <see cref="ParameterLayout.Tensors"/>, its shape and its <see cref="Initialization"/> only.
/// </summary>
public static class ParameterInitializer
{
    /// <summary>Writes every tensor as its layer declares it, and zeros as padding.</summary>
    /// <param name="layout">The model's layout.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="state">At least <see cref="ParameterLayout.StateLength"/> floats.</param>
    public static void Initialize(ParameterLayout layout, ulong seed, Span<float> state)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, layout.StateLength);
        state[..layout.StateLength].Clear();
        int index = 0;
        foreach (PlacedLayer layer in layout.Layers)
        {
            for (int i = 0; i < layer.Tensors.Length; i++, index++)
            {
                CounterRandom stream = new(seed, RandomStream.Initialization, (uint)index);
                ParameterView view = layer.Tensors[i];
                layer.Definition.Parameters[i].Initial.Fill(stream, view.Shape, view.Of(state));
            }
        }
    }
}
