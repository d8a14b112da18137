using System.Collections.Immutable;
using System.Text;

namespace NnCluster.Model;

/// <summary>Size of one block: a dense layer and the in-place layers behind it.</summary>
/// <param name="Name">Name of the block's first layer, with the kind of its last or the output function.</param>
/// <param name="Neurons">Outputs of the block.</param>
/// <param name="Weights">Connections from the block before.</param>
/// <param name="Biases">Biases.</param>
/// <param name="Others">Other learned values, such as batch norm's scales and shifts or PReLU's slope.</param>
public sealed record LayerSizing(string Name, int Neurons, int Weights, int Biases, int Others)
{
    /// <summary>All learned values of the layer.</summary>
    public int Parameters => Weights + Biases + Others;
}

/// <summary>
/// Size of a model: neurons (without the input layer), weights, biases, and all learned parameters.
/// A 3-4-4-1 network has 9 neurons, 32 weights and 9 biases: 41 parameters.
/// </summary>
public sealed record ModelSizing
{
    private ModelSizing(ImmutableArray<LayerSizing> layers) => Layers = layers;

    /// <summary>The blocks from the first hidden one to the output.</summary>
    public ImmutableArray<LayerSizing> Layers { get; }

    /// <summary>Hidden units and outputs.</summary>
    public int Neurons => Layers.Sum(layer => layer.Neurons);

    /// <summary>Connections between neurons.</summary>
    public int Weights => Layers.Sum(layer => layer.Weights);

    /// <summary>Biases of all neurons.</summary>
    public int Biases => Layers.Sum(layer => layer.Biases);

    /// <summary>All learned values.</summary>
    public int Parameters => Layers.Sum(layer => layer.Parameters);

    /// <summary>The size of a model.</summary>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    public static ModelSizing Of(ModelSpec spec)
    {
        IGrouping<int, PlacedLayer>[] blocks = [.. ParameterLayout.For(spec).Layers.GroupBy(layer => layer.Definition.Block)];
        return new([.. blocks.Select((block, i) => SizeOf(spec, [.. block], isOutput: i == blocks.Length - 1))]);
    }

    /// <summary>A table with a line per block and a total.</summary>
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

    private static LayerSizing SizeOf(ModelSpec spec, ImmutableArray<PlacedLayer> block, bool isOutput)
    {
        ParameterView[] learned = [.. block.SelectMany(layer => layer.Tensors).Where(view => view.IsLearned)];
        int weights = learned.Where(view => view.IsWeight).Sum(view => view.Length);
        int biases = learned.Where(view => view.Kind == ParameterKind.Bias).Sum(view => view.Length);
        string lastKind = block.Length > 1 ? block[^1].Definition.Kind : "linear";
        string function = isOutput && spec.Loss == LossKind.CrossEntropy ? "soft-max" : lastKind;
        return new($"{block[0].Name} {function}", block[^1].Units, weights, biases, learned.Sum(view => view.Length) - weights - biases);
    }
}
