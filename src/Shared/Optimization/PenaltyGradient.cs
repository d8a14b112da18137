using System.Numerics;
using System.Runtime.InteropServices;

namespace NnCluster.Optimization;

/// <summary>Gradient of the elastic-net penalty λ₁‖w‖₁ + ½λ₂‖w‖₂² (Zou and Hastie 2005).</summary>
internal static class PenaltyGradient
{
    /// <summary>g ← g + λ₁ sign(w) + λ₂ w, with sign(0) = 0.</summary>
    public static void Add(float l1, float l2, ReadOnlySpan<float> weights, Span<float> gradient)
    {
        ref float w = ref MemoryMarshal.GetReference(weights);
        ref float g = ref MemoryMarshal.GetReference(gradient);
        int i = 0;
        for (; i <= gradient.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> x = Vector.LoadUnsafe(ref w, (nuint)i);
            Vector<float> slope = Vector.ConditionalSelect(Vector.GreaterThan(x, default), new Vector<float>(l1), default);
            slope = Vector.ConditionalSelect(Vector.LessThan(x, default), new Vector<float>(-l1), slope);
            (Vector.LoadUnsafe(ref g, (nuint)i) + (slope + (x * l2))).StoreUnsafe(ref g, (nuint)i);
        }

        for (; i < gradient.Length; i++)
        {
            float x = weights[i];
            float slope = x < 0 ? -l1 : x > 0 ? l1 : 0;
            gradient[i] += slope + (x * l2);
        }
    }
}
