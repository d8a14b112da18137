using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Benchmarks.Peers;

/// <summary>
/// Images a second of whole training runs beside PyTorch: each program in processes of its own, in turn, several times,
/// on the same machine in the same minutes. Medians and ratios are what may be quoted.
/// </summary>
internal static class PeersBenchmark
{
    private static readonly (string Hidden, int Batch, int Epochs)[] Networks = [("256", 2048, 8), ("256", 128, 4), ("1024,1024", 2048, 3)];

    private static readonly string Program = Path.Combine(
        typeof(PeersBenchmark).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "Programs").Value!,
        "nncluster.dll");

    /// <summary>Runs the comparison on the four MNIST files in a directory.</summary>
    public static int Run(string[] args)
    {
        if (args.Length is < 1 or > 2)
        {
            Console.Error.WriteLine("peers DIR [rounds]: DIR holds the four uncompressed MNIST files");
            return 2;
        }

        string data = args[0];
        int asked = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
        Contestant[] contestants =
        [
            new("NnCluster, 1 worker", network => NnCluster(data, network, "train", 1)),
            new("PyTorch, 1 thread", network => Torch(data, network, 1, 1)),
            new("NnCluster, 2 workers", network => NnCluster(data, network, "train", 2)),
            new("PyTorch, 2 threads", network => Torch(data, network, 2, 1)),
            new("NnCluster, 2 worker processes", network => NnCluster(data, network, "launch", 2)),
            new("PyTorch DDP gloo, 2 processes", network => Torch(data, network, 1, 2)),
        ];
        foreach ((string Hidden, int Batch, int Epochs) network in Networks)
        {
            Console.WriteLine($"784-{network.Hidden.Replace(',', '-')}-10, batch {network.Batch}: images/s of the best of {network.Epochs} epochs, median of alternating runs (lowest to highest)");
            // The large one takes a minute a round.
            int rounds = network.Hidden == "256" ? asked : 1;
            double[][] results = [.. contestants.Select(_ => new double[rounds])];
            for (int round = 0; round < rounds; round++)
            {
                for (int i = 0; i < contestants.Length; i++)
                {
                    results[i][round] = contestants[i].Measure(network);
                }
            }

            for (int i = 0; i < contestants.Length; i++)
            {
                double[] sorted = [.. results[i].Order()];
                Console.WriteLine($"  {contestants[i].Name,-30} {sorted[rounds / 2],9:N0}   ({sorted[0]:N0} to {sorted[^1]:N0})");
            }
        }

        return 0;
    }

    // As PyTorch's: the best epoch, so that neither side is charged for its compilation or warming up.
    private static double NnCluster(string data, (string Hidden, int Batch, int Epochs) network, string command, int workers)
    {
        string run = Directory.CreateTempSubdirectory("nncluster-peers-").FullName;
        try
        {
            Output("dotnet",
                [
                    Program, command, "--json", "--dataset", data, "--hidden", network.Hidden, "--batch-size", $"{network.Batch}",
                    "--workers", $"{workers}", "--epochs", $"{network.Epochs}", "--evaluate-every", "100", "--schedule", "constant", "--learning-rate", "0.001",
                    "--out", Path.Combine(run, "run"),
                ], threads: 1);
            return MetricsReader.Read(new RunPaths(Path.Combine(run, "run")).Metrics)
                .OfType<StepCompleted>()
                .GroupBy(step => Math.Ceiling(step.Epoch))
                .Max(epoch => epoch.Count() * network.Batch / epoch.Sum(step => step.Seconds));
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }
    }

    private static double Torch(string data, (string Hidden, int Batch, int Epochs) network, int threads, int processes) => double.Parse(
        Output("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "torch_mlp.py"), data, $"{network.Batch}", network.Hidden, $"{processes}", $"{network.Epochs}"], threads),
        CultureInfo.InvariantCulture);

    // Some machines force an old OpenBLAS kernel through these variables; a peer gets its fastest.
    private static string Output(string program, string[] arguments, int threads)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("OPENBLAS_CORETYPE");
        start.Environment.Remove("OPENBLAS_L2_SIZE");
        start.Environment["OPENBLAS_NUM_THREADS"] = $"{threads}";
        start.Environment["OMP_NUM_THREADS"] = "1";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {error.Result}");
    }

    private sealed record Contestant(string Name, Func<(string Hidden, int Batch, int Epochs), double> Measure);
}
