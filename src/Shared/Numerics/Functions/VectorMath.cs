using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>
/// Element-wise functions whose result depends on the value alone: not on its position, the length of the span or the width of the
/// processor's vectors.
/// </summary>
/// <remarks>
/// Vector functions of <see cref="TensorPrimitives"/>, which computes spans of fewer than four elements with the C library; such
/// spans are padded to four here. Tanh is <see cref="VectorTanh"/>, for accuracy. Source and destination may be the same span.
/// </remarks>
public static class VectorMath
{
    private const int ShortestVector = 4;

    private interface IFunction
    {
        static abstract void Invoke(ReadOnlySpan<float> source, Span<float> destination);
    }

    /// <summary>destination[i] = e^source[i]</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void Exp(ReadOnlySpan<float> source, Span<float> destination) => Apply<ExpFunction>(source, destination);

    /// <summary>destination[i] = ln source[i]</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void Log(ReadOnlySpan<float> source, Span<float> destination) => Apply<LogFunction>(source, destination);

    /// <summary>destination[i] = tanh source[i]</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void Tanh(ReadOnlySpan<float> source, Span<float> destination) => Apply<TanhFunction>(source, destination);

    /// <summary>destination[i] = 1 / (1 + e^−source[i])</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the source.</exception>
    public static void Sigmoid(ReadOnlySpan<float> source, Span<float> destination) => Apply<SigmoidFunction>(source, destination);

    [SkipLocalsInit]
    private static void Apply<TFunction>(ReadOnlySpan<float> source, Span<float> destination)
        where TFunction : struct, IFunction
    {
        if (destination.Length < source.Length)
        {
            throw new ArgumentException($"{destination.Length} elements cannot hold {source.Length} results.", nameof(destination));
        }

        if (source.Length >= ShortestVector)
        {
            TFunction.Invoke(source, destination);
            return;
        }

        Span<float> padded = stackalloc float[ShortestVector];
        padded.Clear();
        source.CopyTo(padded);
        TFunction.Invoke(padded, padded);
        padded[..source.Length].CopyTo(destination);
    }

    private readonly struct ExpFunction : IFunction
    {
        public static void Invoke(ReadOnlySpan<float> source, Span<float> destination) => TensorPrimitives.Exp(source, destination);
    }

    private readonly struct LogFunction : IFunction
    {
        public static void Invoke(ReadOnlySpan<float> source, Span<float> destination) => TensorPrimitives.Log(source, destination);
    }

    private readonly struct TanhFunction : IFunction
    {
        public static void Invoke(ReadOnlySpan<float> source, Span<float> destination) => VectorTanh.Invoke(source, destination);
    }

    private readonly struct SigmoidFunction : IFunction
    {
        public static void Invoke(ReadOnlySpan<float> source, Span<float> destination) => TensorPrimitives.Sigmoid(source, destination);
    }
}
