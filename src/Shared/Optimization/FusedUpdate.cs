using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace NnCluster.Optimization;

/// <summary>A chain of transforms as one loop over a segment of the parameters.</summary>
internal abstract class FusedUpdate
{
    /// <summary>Names of the chain's state buffers.</summary>
    public abstract ImmutableArray<string> StateNames { get; }

    /// <summary>newParameters ← parameters + chain(gradient). All spans have one length; the two of parameters may be the same.</summary>
    public abstract void Run(in TransformContext context, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters,
        StateSpans states, Span<float> newParameters);
}

/// <summary>The loop of one chain: reads and writes each buffer once and stores no intermediate result.</summary>
internal sealed class FusedUpdate<TChain> : FusedUpdate
    where TChain : struct, ITransform<TChain>
{
    public override ImmutableArray<string> StateNames => TChain.StateNames;

    public override void Run(in TransformContext context, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters,
        StateSpans states, Span<float> newParameters)
    {
        int length = gradient.Length;
        Check(length, parameters.Length, nameof(parameters));
        Check(length, newParameters.Length, nameof(newParameters));
        Check(TChain.StateCount > 0 ? length : 0, states.First.Length, nameof(states));
        Check(TChain.StateCount > 1 ? length : 0, states.Second.Length, nameof(states));

        int whole = length - (length % Vector<float>.Count);
        RunVectors(context, whole, gradient, parameters, states, newParameters);
        if (whole < length)
        {
            RunRest(context, gradient[whole..], parameters[whole..], states.Slice(whole, length - whole), newParameters[whole..]);
        }
    }

    private static void RunVectors(in TransformContext context, int length, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters,
        StateSpans states, Span<float> newParameters)
    {
        TChain chain = TChain.At(context);
        bool hasFirst = TChain.StateCount > 0;
        bool hasSecond = TChain.StateCount > 1;
        ref float g = ref MemoryMarshal.GetReference(gradient);
        ref float w = ref MemoryMarshal.GetReference(parameters);
        ref float s0 = ref MemoryMarshal.GetReference(states.First);
        ref float s1 = ref MemoryMarshal.GetReference(states.Second);
        ref float result = ref MemoryMarshal.GetReference(newParameters);
        for (nuint i = 0; i < (nuint)length; i += (nuint)Vector<float>.Count)
        {
            Vector<float> slot0 = hasFirst ? Vector.LoadUnsafe(ref s0, i) : default;
            Vector<float> slot1 = hasSecond ? Vector.LoadUnsafe(ref s1, i) : default;
            Vector<float> old = Vector.LoadUnsafe(ref w, i);
            Vector<float> update = chain.Apply(Vector.LoadUnsafe(ref g, i), old, ref slot0, ref slot1);
            (old + update).StoreUnsafe(ref result, i);
            if (hasFirst)
            {
                slot0.StoreUnsafe(ref s0, i);
            }

            if (hasSecond)
            {
                slot1.StoreUnsafe(ref s1, i);
            }
        }
    }

    // The last elements run through the same vector code, padded with zeros, and so get the same bits.
    private static void RunRest(in TransformContext context, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters,
        StateSpans states, Span<float> newParameters)
    {
        int width = Vector<float>.Count;
        Span<float> padded = stackalloc float[5 * width];
        padded.Clear();
        Span<float> g = padded[..width];
        Span<float> w = padded.Slice(width, width);
        Span<float> s0 = padded.Slice(2 * width, width);
        Span<float> s1 = padded.Slice(3 * width, width);
        Span<float> result = padded.Slice(4 * width, width);
        gradient.CopyTo(g);
        parameters.CopyTo(w);
        states.First.CopyTo(s0);
        states.Second.CopyTo(s1);
        RunVectors(context, width, g, w, new StateSpans(s0, s1), result);
        result[..gradient.Length].CopyTo(newParameters);
        s0[..states.First.Length].CopyTo(states.First);
        s1[..states.Second.Length].CopyTo(states.Second);
    }

    private static void Check(int expected, int actual, string name)
    {
        if (expected != actual)
        {
            throw new ArgumentException($"The block has {expected} elements here, but the span has {actual}.", name);
        }
    }
}
