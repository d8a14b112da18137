using NnCluster.Benchmarks.Kernels;
using NnCluster.Benchmarks.Peers;
using NnCluster.Benchmarks.Steps;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Training;

return args switch
{
    ["gemm", .. string[] rest] => GemmBenchmark.Run(rest),
    ["step", .. string[] rest] => StepBenchmark.Run(rest),
    ["peers", .. string[] rest] => PeersBenchmark.Run(rest),
    ["splits", .. string[] rest] => TableSplits.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        Usage: dotnet run -c Release --project tests/Benchmarks -- <benchmark> [options]

          gemm [seconds]   GFLOP/s of every BLAS backend for the shapes of a training step, beside the FMA peak
          step [batch [hidden [input-noise]]]   where the time of one step goes, on one thread, and what it allocates
          peers DIR [rounds]   images/s of whole runs beside PyTorch; DIR holds the four MNIST files
          splits FILE TARGET SEED…   numbers of the test rows of a table, for tests/Benchmarks/Peers/compare_tables.py
        """);
    return 2;
}
