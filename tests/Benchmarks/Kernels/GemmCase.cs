using System.Diagnostics;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Benchmarks.Kernels;

/// <summary>The operands of one shape and the packed B of every backend that multiplied them.</summary>
internal sealed class GemmCase : IDisposable
{
    private const double SecondsPerMeasurement = 0.004;

    private readonly GemmBenchmark.Shape _shape;
    private readonly AlignedBuffer _a;
    private readonly AlignedBuffer _b;
    private readonly AlignedBuffer _c;
    private readonly Dictionary<string, PackedMatrix> _packed = [];
    private readonly Dictionary<string, int> _repetitions = [];

    public GemmCase(GemmBenchmark.Shape shape)
    {
        _shape = shape;
        _a = Filled(shape.M * shape.K);
        _b = Filled(shape.K * shape.N);
        _c = Filled(shape.M * shape.N);
    }

    private double Flops => 2.0 * _shape.M * _shape.N * _shape.K;

    /// <summary>Math.NET's managed product is too slow to wait for on the large shapes.</summary>
    public bool IsWorthwhile(IBlas blas) => blas.Name != "mathnet" || Flops < 1e8;

    /// <returns>GFLOP/s over as many products as fill the measurement's time.</returns>
    public double Measure(IBlas blas)
    {
        if (_shape.Packed && !_packed.ContainsKey(blas.Name))
        {
            PackedMatrix packed = blas.CreatePacked(_shape.K, _shape.N);
            blas.Pack(_shape.TransposeB, _b.Span, _shape.TransposeB == Transpose.No ? _shape.N : _shape.K, packed);
            _packed.Add(blas.Name, packed);
        }

        if (!_repetitions.TryGetValue(blas.Name, out int repetitions))
        {
            Time(blas, 2); // compiles and touches the memory
            repetitions = Math.Max(1, (int)(SecondsPerMeasurement / Time(blas, 3) * 3));
            _repetitions.Add(blas.Name, repetitions);
        }

        return Flops * repetitions / Time(blas, repetitions) * 1e-9;
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
        foreach (PackedMatrix packed in _packed.Values)
        {
            packed.Dispose();
        }
    }

    private double Time(IBlas blas, int repetitions)
    {
        int lda = _shape.TransposeA == Transpose.No ? _shape.K : _shape.M;
        int ldb = _shape.TransposeB == Transpose.No ? _shape.N : _shape.K;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repetitions; i++)
        {
            if (_shape.Packed)
            {
                blas.GemmPacked(_shape.TransposeA, _shape.M, _a.Span, lda, _packed[blas.Name], 0, _c.Span, _shape.N);
            }
            else
            {
                blas.Gemm(_shape.TransposeA, _shape.TransposeB, _shape.M, _shape.N, _shape.K, 1, _a.Span, lda, _b.Span, ldb,
                    0, _c.Span, _shape.N);
            }
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static AlignedBuffer Filled(int length)
    {
        AlignedBuffer buffer = new(length);
        for (int i = 0; i < length; i++)
        {
            buffer.Span[i] = ((i * 7919L % 2001) - 1000) * 1e-3f;
        }

        return buffer;
    }
}
