using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.BitProbe;

/// <summary>Hashes of results whose bits must not depend on the processor, to compare between processes.</summary>
public static class Bits
{
    /// <summary>What the processor (or the environment that switches parts of it off) offers, and the hash of each item.</summary>
    public static Dictionary<string, string> Compute()
    {
        SimdBlas blas = new();
        return new Dictionary<string, string>
        {
            ["vectorBits"] = Vector512.IsHardwareAccelerated ? "512" : Vector256.IsHardwareAccelerated ? "256" : "128",
            ["arithmetic"] = blas.Arithmetic,
            ["gemm"] = Products(blas),
            ["exp"] = Elementwise(VectorMath.Exp, -100, 100),
            ["log"] = Elementwise(VectorMath.Log, 1e-30f, 1e4f),
            ["tanh"] = Elementwise(VectorMath.Tanh, -12, 12),
            ["sigmoid"] = Elementwise(VectorMath.Sigmoid, -100, 100),
            ["philox"] = Words(),
            ["normal"] = Normals(),
            ["vectorNormal"] = VectorNormals(),
            ["portableMath"] = Portable(),
            ["network"] = NetworkBits.Compute(blas),
        };
    }

    private static string Products(SimdBlas blas)
    {
        XxHash3 hash = new();
        foreach ((int m, int n, int k) in ((int, int, int)[])[(37, 65, 600), (128, 10, 256), (10, 256, 128), (5, 3, 7)])
        {
            for (int transposes = 0; transposes < 4; transposes++)
            {
                Transpose transposeA = (Transpose)(transposes & 1), transposeB = (Transpose)(transposes >> 1);
                float[] a = Uniform(m * k, 1, -1, 1), b = Uniform(k * n, 2, -1, 1), c = Uniform(m * n, 3, -1, 1);
                int lda = transposeA == Transpose.No ? k : m, ldb = transposeB == Transpose.No ? n : k;
                blas.Gemm(transposeA, transposeB, m, n, k, 0.75f, a, lda, b, ldb, 0.3f, c, n);
                hash.Append(MemoryMarshal.AsBytes<float>(c));
                using PackedMatrix packed = blas.CreatePacked(k, n);
                blas.Pack(transposeB, b, ldb, packed);
                blas.GemmPacked(transposeA, m, a, lda, packed, 1, c, n);
                hash.Append(MemoryMarshal.AsBytes<float>(c));
            }
        }

        return Text(hash);
    }

    private static string Elementwise(Function function, float from, float to)
    {
        XxHash3 hash = new();
        foreach (int length in (int[])[1, 2, 3, 4, 7, 31, 100_000])
        {
            float[] values = Uniform(length, (uint)length, from, to);
            function(values, values);
            hash.Append(MemoryMarshal.AsBytes<float>(values));
        }

        return Text(hash);
    }

    private static string Words()
    {
        uint[] words = new uint[10_001];
        new CounterRandom(0x0123_4567_89AB_CDEF, RandomStream.Dropout, 7, 1UL << 40).Fill(words, 3);
        XxHash3 hash = new();
        hash.Append(MemoryMarshal.AsBytes<uint>(words));
        return Text(hash);
    }

    private static string Normals()
    {
        float[] values = new float[50_001];
        NormalSampler.Fill(new CounterRandom(42, RandomStream.Initialization), values, 1, 0.5, 1);
        XxHash3 hash = new();
        hash.Append(MemoryMarshal.AsBytes<float>(values));
        return Text(hash);
    }

    private static string VectorNormals()
    {
        uint[] words = new uint[2 * 48_000];
        new CounterRandom(42, RandomStream.InputNoise).Fill(words);
        float[] values = new float[words.Length];
        VectorNormal.Transform(words.AsSpan(..48_000), words.AsSpan(48_000..), values.AsSpan(..48_000), values.AsSpan(48_000..));
        XxHash3 hash = new();
        hash.Append(MemoryMarshal.AsBytes<float>(values));
        return Text(hash);
    }

    private static string Portable()
    {
        double[] values = new double[4 * 5000];
        for (int i = 0; i < 5000; i++)
        {
            double x = (i + 1) * 0.00377;
            values[4 * i] = PortableMath.Log(x);
            values[(4 * i) + 1] = PortableMath.Exp(-x);
            values[(4 * i) + 2] = PortableMath.Sin(x);
            values[(4 * i) + 3] = PortableMath.Cos(x);
        }

        XxHash3 hash = new();
        hash.Append(MemoryMarshal.AsBytes<double>(values));
        return Text(hash);
    }

    private static float[] Uniform(int length, uint stream, float from, float to)
    {
        float[] values = new float[length];
        new CounterRandom(1, RandomStream.SyntheticData, stream).FillUniform(values);
        for (int i = 0; i < length; i++)
        {
            values[i] = from + ((to - from) * values[i]);
        }

        return values;
    }

    private static string Text(XxHash3 hash) => Convert.ToHexString(hash.GetCurrentHash());

    private delegate void Function(ReadOnlySpan<float> source, Span<float> destination);
}
