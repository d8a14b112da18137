using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Data;

/// <summary>
/// Grey values to floats in [0, 1]: value · (1/255), one multiplication as in TensorFlow's MNIST loader
/// (<c>numpy.multiply(images, 1.0 / 255.0)</c>). Element-wise: the same bits for any vector width.
/// </summary>
internal static class PixelScaling
{
    /// <summary>Factor from grey values to [0, 1].</summary>
    public const float Factor = 1f / 255f;

    /// <summary>destination[i] = pixels[i] · (1/255) for every pixel.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <paramref name="pixels"/>.</exception>
    public static void Scale(ReadOnlySpan<byte> pixels, Span<float> destination)
    {
        if (destination.Length < pixels.Length)
        {
            throw new ArgumentException($"{destination.Length} floats cannot hold {pixels.Length} pixels.", nameof(destination));
        }

        Scale(ref MemoryMarshal.GetReference(pixels), ref MemoryMarshal.GetReference(destination), pixels.Length);
    }

    internal static void Scale(ref byte pixels, ref float destination, int length)
    {
        int i = 0;
        if (length >= Vector128<byte>.Count)
        {
            // The last vector overlaps the one before it and writes the same values again.
            int last = length - Vector128<byte>.Count;
            for (; i < last; i += Vector128<byte>.Count)
            {
                Scale16(ref pixels, ref destination, (nuint)i);
            }

            Scale16(ref pixels, ref destination, (nuint)last);
            return;
        }

        for (; i < length; i++)
        {
            Unsafe.Add(ref destination, i) = Unsafe.Add(ref pixels, i) * Factor;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale16(ref byte pixels, ref float destination, nuint i)
    {
        Vector128<byte> grey = Vector128.LoadUnsafe(ref pixels, i);
        if (Avx512F.IsSupported)
        {
            Vector512<float> x = Avx512F.ConvertToVector512Single(Avx512F.ConvertToVector512Int32(grey));
            (x * Vector512.Create(Factor)).StoreUnsafe(ref destination, i);
        }
        else if (Avx2.IsSupported)
        {
            Vector256<float> scale = Vector256.Create(Factor);
            Vector256<float> low = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(grey));
            Vector128<byte> upper = Vector128.Create(grey.AsUInt64().GetElement(1), 0).AsByte();
            Vector256<float> high = Avx.ConvertToVector256Single(Avx2.ConvertToVector256Int32(upper));
            (low * scale).StoreUnsafe(ref destination, i);
            (high * scale).StoreUnsafe(ref destination, i + 8);
        }
        else
        {
            Vector128<float> scale = Vector128.Create(Factor);
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(grey);
            (Vector128<uint> a, Vector128<uint> b) = Vector128.Widen(low);
            (Vector128<uint> c, Vector128<uint> d) = Vector128.Widen(high);
            (Vector128.ConvertToSingle(a.AsInt32()) * scale).StoreUnsafe(ref destination, i);
            (Vector128.ConvertToSingle(b.AsInt32()) * scale).StoreUnsafe(ref destination, i + 4);
            (Vector128.ConvertToSingle(c.AsInt32()) * scale).StoreUnsafe(ref destination, i + 8);
            (Vector128.ConvertToSingle(d.AsInt32()) * scale).StoreUnsafe(ref destination, i + 12);
        }
    }
}
