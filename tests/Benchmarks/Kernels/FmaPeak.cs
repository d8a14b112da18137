using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Benchmarks.Kernels;

/// <summary>The multiply-add rate of one core with every operand in a register: the roof of any GEMM.</summary>
internal static class FmaPeak
{
    private const int Chains = 12;

    /// <summary>Runs <paramref name="iterations"/> × 12 independent multiply-adds of the widest vector.</summary>
    /// <returns>GFLOP/s</returns>
    public static double Measure(int iterations)
    {
        long start = Stopwatch.GetTimestamp();
        int width = Vector512.IsHardwareAccelerated ? Run<Simd512, Vector512<float>>(iterations)
            : Vector256.IsHardwareAccelerated ? Run<Simd256, Vector256<float>>(iterations)
            : Run<Simd128, Vector128<float>>(iterations);
        return 2.0 * Chains * width * iterations / Stopwatch.GetElapsedTime(start).TotalSeconds * 1e-9;
    }

    /// <summary>Twelve chains hide the latency of an FMA (4 cycles) on two units.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe int Run<TOperations, TVector>(int iterations)
        where TOperations : struct, ISimdOperations<TVector>
        where TVector : struct
    {
        TVector a = TOperations.Broadcast(0.999f), b = TOperations.Broadcast(1e-3f);
        TVector c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
        for (int i = 0; i < iterations; i++)
        {
            c0 = TOperations.MultiplyAdd(c0, a, b);
            c1 = TOperations.MultiplyAdd(c1, a, b);
            c2 = TOperations.MultiplyAdd(c2, a, b);
            c3 = TOperations.MultiplyAdd(c3, a, b);
            c4 = TOperations.MultiplyAdd(c4, a, b);
            c5 = TOperations.MultiplyAdd(c5, a, b);
            c6 = TOperations.MultiplyAdd(c6, a, b);
            c7 = TOperations.MultiplyAdd(c7, a, b);
            c8 = TOperations.MultiplyAdd(c8, a, b);
            c9 = TOperations.MultiplyAdd(c9, a, b);
            c10 = TOperations.MultiplyAdd(c10, a, b);
            c11 = TOperations.MultiplyAdd(c11, a, b);
        }

        TVector sum = TOperations.Add(TOperations.Add(TOperations.Add(c0, c1), TOperations.Add(c2, c3)),
            TOperations.Add(TOperations.Add(c4, c5), TOperations.Add(c6, c7)));
        sum = TOperations.Add(sum, TOperations.Add(TOperations.Add(c8, c9), TOperations.Add(c10, c11)));
        float* sink = stackalloc float[TOperations.Width];
        TOperations.Store(sum, sink);
        return float.IsNaN(sink[0]) ? 0 : TOperations.Width;
    }
}
