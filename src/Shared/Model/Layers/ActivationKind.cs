namespace NnCluster.Model;

/// <summary>The activations that a layer can name in short form.</summary>
public enum ActivationKind
{
    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>tanh(x).</summary>
    Tanh,

    /// <summary>x for x &gt; 0, else slope·x with a fixed slope.</summary>
    LeakyRelu,

    /// <summary>x for x &gt; 0, else slope·x with a learned slope.</summary>
    Prelu,
}
