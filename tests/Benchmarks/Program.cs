using NnCluster.Benchmarks.Kernels;

return args switch
{
    ["gemm", .. string[] rest] => GemmBenchmark.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- <benchmark> [options]

          gemm [seconds]   GFLOP/s of every BLAS backend for the shapes of a training step, beside the FMA peak
        """);
    return 2;
}
