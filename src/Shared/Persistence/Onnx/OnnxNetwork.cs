using System.Collections.Immutable;
using NnCluster.Model;

namespace NnCluster.Persistence;

/// <summary>The layers of a network as nodes. Dropout and input noise act in training only and have none.</summary>
internal static class OnnxNetwork
{
    /// <summary>Adds the network and returns the name of the last dense layer's outputs, (rows, outputs).</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="spec">A valid specification.</param>
    /// <param name="state">Parameters and running statistics.</param>
    /// <param name="features">Name of the features, (rows, inputs) in float32.</param>
    /// <exception cref="BadInputException">A layer or the architecture has no form in ONNX.</exception>
    public static string Add(OnnxGraph graph, ModelSpec spec, ReadOnlySpan<float> state, string features)
    {
        if (spec.Architecture is not MultiLayerPerceptronSpec)
        {
            throw new BadInputException(
                $"the architecture '{Architectures.Registry.NameOf(spec.Architecture)}' has no form in ONNX; only 'mlp' can be exported");
        }

        string values = features;
        foreach (IGrouping<int, PlacedLayer> block in ParameterLayout.For(spec).Layers.GroupBy(layer => layer.Definition.Block))
        {
            PlacedLayer[] layers = [.. block];
            values = AddDense(graph, layers[0], state, values);
            ImmutableArray<LayerSpec> kinds =
                block.Key < spec.Hidden.Length ? spec.Hidden[block.Key].InPlaceLayers($"hidden[{block.Key}]") : [];
            for (int i = 0; i < kinds.Length; i++)
            {
                values = AddInPlace(graph, kinds[i], layers[i + 1], state, values);
            }
        }

        return values;
    }

    /// <summary>X·Wᵀ + b.</summary>
    private static string AddDense(OnnxGraph graph, PlacedLayer layer, ReadOnlySpan<float> state, string x) =>
        graph.Node("Gemm", layer.Name, [x, .. Tensors(graph, layer, state)], [OnnxGraph.Attribute("transB", 1)]);

    private static string AddInPlace(OnnxGraph graph, LayerSpec kind, PlacedLayer layer, ReadOnlySpan<float> state, string x)
    {
        string[] inputs = [x, .. Tensors(graph, layer, state)];
        return kind switch
        {
            // scale, shift, running mean and running variance: in the order of the operator's inputs.
            BatchNormSpec => graph.Node("BatchNormalization", layer.Name, inputs, [OnnxGraph.Attribute("epsilon", BatchNormLayer.Epsilon)]),
            ReluSpec => graph.Node("Relu", layer.Name, inputs),
            LeakyReluSpec leaky => graph.Node("LeakyRelu", layer.Name, inputs, [OnnxGraph.Attribute("alpha", leaky.Slope)]),
            PreluSpec => graph.Node("PRelu", layer.Name, inputs),
            SigmoidSpec => graph.Node("Sigmoid", layer.Name, inputs),
            TanhSpec => graph.Node("Tanh", layer.Name, inputs),
            _ => throw new BadInputException(
                $"the layer kind '{LayerKinds.NameOf(kind)}' has no form in ONNX; only built-in kinds can be exported"),
        };
    }

    private static string[] Tensors(OnnxGraph graph, PlacedLayer layer, ReadOnlySpan<float> state)
    {
        string[] names = new string[layer.Tensors.Length];
        for (int i = 0; i < names.Length; i++)
        {
            ParameterView view = layer.Tensors[i];
            names[i] = graph.Constant(view.Name, view.Of(state), [.. view.Shape.Select(dimension => (long)dimension)]);
        }

        return names;
    }
}
