using System.Collections.Immutable;
using System.Text;

namespace NnCluster.Model;

/// <summary>The size of one dense layer and what stands behind it.</summary>
/// <param name="Name">As in the checkpoint, with the activation.</param>
/// <param name="Neurons">Outputs of the layer.</param>
/// <param name="Weights">Connections from the layer before.</param>
/// <param name="Biases">One a neuron.</param>
/// <param name="Others">Batch norm's scales and shifts, PReLU's slope.</param>
public sealed record LayerSizing(string Name, int Neurons, int Weights, int Biases, int Others)
{
    /// <summary>All learned values of the layer.</summary>
    public int Parameters => Weights + Biases + Others;
}

/// <summary>
/// How large a model is: neurons (the input layer not counted), weights, biases, and all learned parameters.
/// A 3-4-4-1 network has 9 neurons, 32 weights and 9 biases: 41 parameters.
/// </summary>
public sealed record ModelSizing
{
    private ModelSizing(ImmutableArray<LayerSizing> layers) => Layers = layers;

    /// <summary>From the first hidden layer to the output.</summary>
    public ImmutableArray<LayerSizing> Layers { get; }

    /// <summary>Hidden units and outputs.</summary>
    public int Neurons => Layers.Sum(layer => layer.Neurons);

    /// <summary>Connections between neurons.</summary>
    public int Weights => Layers.Sum(layer => layer.Weights);

    /// <summary>One a neuron.</summary>
    public int Biases => Layers.Sum(layer => layer.Biases);

    /// <summary>All learned values.</summary>
    public int Parameters => Layers.Sum(layer => layer.Parameters);

    /// <summary>The sizes of a model.</summary>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    public static ModelSizing Of(ModelSpec spec)
    {
        ParameterLayout layout = ParameterLayout.For(spec);
        return new([.. Enumerable.Range(0, spec.Hidden.Length + 1).Select(layer => SizeOf(spec, layout, layer))]);
    }

    /// <summary>A table with a line per layer and a total.</summary>
    public override string ToString()
    {
        StringBuilder table = new();
        table.Append($"{"layer",-22}{"neurons",10}{"weights",12}{"biases",10}{"others",10}{"parameters",13}");
        foreach (LayerSizing layer in Layers.Add(new("total", Neurons, Weights, Biases, Parameters - Weights - Biases)))
        {
            table.Append($"\n{layer.Name,-22}{layer.Neurons,10}{layer.Weights,12}{layer.Biases,10}{layer.Others,10}{layer.Parameters,13}");
        }

        return table.ToString();
    }

    private static LayerSizing SizeOf(ModelSpec spec, ParameterLayout layout, int layer)
    {
        int weights = layout.Find(ParameterKind.Weight, layer).Length;
        int biases = layout.Find(ParameterKind.Bias, layer).Length;
        int learned = layout.Tensors.Where(view => view.Layer == layer && ParameterLayout.IsLearned(view.Kind)).Sum(view => view.Length);
        string outputFunction = spec.Loss == LossKind.CrossEntropy ? "soft-max" : "linear";
        string function = layer < spec.Hidden.Length ? ModelSpec.NameOf(spec.Hidden[layer].Activation) : outputFunction;
        return new($"dense{layer} {function}", biases, weights, biases, learned - weights - biases);
    }
}
