using System.Diagnostics;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Benchmarks.Kernels;

/// <summary>
/// GFLOP/s of one core for the products of a training step. The backends take turns, so that a machine that slows down
/// slows them all; the table shows medians.
/// </summary>
internal static class GemmBenchmark
{
    private static readonly Shape[] Shapes =
    [
        new(2048, 256, 784, Transpose.No, Transpose.Yes, Packed: false, "forward, batch 2048"),
        new(128, 256, 784, Transpose.No, Transpose.Yes, Packed: true, "forward, shard of 128"),
        new(256, 784, 128, Transpose.Yes, Transpose.No, Packed: false, "dW, shard of 128"),
        new(128, 10, 256, Transpose.No, Transpose.Yes, Packed: true, "output layer forward"),
        new(10, 256, 128, Transpose.Yes, Transpose.No, Packed: false, "output layer dW"),
        new(128, 256, 10, Transpose.No, Transpose.No, Packed: true, "output layer dX"),
        new(784, 256, 2048, Transpose.Yes, Transpose.No, Packed: false, "dW, batch 2048"),
        new(1024, 1024, 1024, Transpose.No, Transpose.No, Packed: false, "cube"),
    ];

    public static int Run(string[] args)
    {
        double secondsPerShape = args is [string seconds] ? double.Parse(seconds) : 2;
        List<IBlas> backends = [new SimdBlas()];
        if (OpenBlas.TryLoad(out OpenBlas? openBlas, out string reason))
        {
            backends.Add(openBlas!);
        }
        else
        {
            Console.WriteLine($"openblas: {reason}");
        }

        backends.Add(new MathNetBlas());
        PrintHeader(backends);
        foreach (Shape shape in Shapes)
        {
            using GemmCase work = new(shape);
            List<double> peaks = [];
            List<double>[] rates = [.. backends.Select(_ => new List<double>())];
            long start = Stopwatch.GetTimestamp();
            while (peaks.Count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < secondsPerShape)
            {
                peaks.Add(FmaPeak.Measure(200_000));
                for (int i = 0; i < backends.Count; i++)
                {
                    if (work.IsWorthwhile(backends[i]))
                    {
                        rates[i].Add(work.Measure(backends[i]));
                    }
                }
            }

            PrintRow(shape, Median(peaks), rates);
        }

        return 0;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? double.NaN : values[values.Count / 2];
    }

    private static void PrintHeader(List<IBlas> backends)
    {
        foreach (IBlas backend in backends)
        {
            Console.WriteLine($"{backend.Name}: {backend.Arithmetic}");
        }

        Console.WriteLine($"{"m×n×k",-16}{"",-24}{"FMA peak",9}" + string.Concat(backends.Select(backend => $"{backend.Name,10}"))
            + $"{"simd/peak",11}");
    }

    private static void PrintRow(Shape shape, double peak, List<double>[] rates)
    {
        double[] medians = [.. rates.Select(Median)];
        string size = $"{shape.M}×{shape.N}×{shape.K}";
        string kind = $"{(shape.TransposeA == Transpose.Yes ? 'T' : 'N')}{(shape.TransposeB == Transpose.Yes ? 'T' : 'N')}"
            + (shape.Packed ? "p " : "  ") + shape.Use;
        Console.WriteLine($"{size,-16}{kind,-24}{peak,9:F1}"
            + string.Concat(medians.Select(rate => double.IsNaN(rate) ? $"{"-",10}" : $"{rate,10:F1}"))
            + $"{medians[0] / peak,11:P0}");
    }

    internal sealed record Shape(int M, int N, int K, Transpose TransposeA, Transpose TransposeB, bool Packed, string Use);
}
