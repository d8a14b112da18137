using System.Collections.Immutable;
using NnCluster.Data;
using NnCluster.Model;

namespace NnCluster.Persistence;

/// <summary>A trained model that is written as ONNX.</summary>
internal readonly ref struct OnnxSource
{
    /// <summary>Creates the source.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="state">Parameters and running statistics, laid out as <see cref="ParameterLayout.For"/> says.</param>
    /// <param name="preparation">Preparation of a table's rows; null: none.</param>
    /// <param name="origin">Further facts about the data.</param>
    public OnnxSource(ModelSpec spec, ReadOnlySpan<float> state, Preparation? preparation, ModelOrigin origin)
    {
        Spec = spec;
        State = state;
        Preparation = preparation;
        Origin = origin;
        ClassNames = preparation is not null ? preparation.Classes
            : origin.ClassNames.Length == spec.Outputs ? origin.ClassNames
            : spec.Loss == LossKind.CrossEntropy ? [.. Enumerable.Range(0, spec.Outputs).Select(index => $"{index}")]
            : [];
    }

    /// <summary>The model.</summary>
    public ModelSpec Spec { get; }

    /// <summary>Parameters and running statistics.</summary>
    public ReadOnlySpan<float> State { get; }

    /// <summary>Preparation of a table's rows; null: none.</summary>
    public Preparation? Preparation { get; }

    /// <summary>Further facts about the data.</summary>
    public ModelOrigin Origin { get; }

    /// <summary>Names of the classes: their numbers if no names are known; empty for a regression.</summary>
    public ImmutableArray<string> ClassNames { get; }

    /// <summary>Whether the outputs of the network become probabilities.</summary>
    public bool GivesProbabilities => Spec.Loss == LossKind.CrossEntropy;
}
