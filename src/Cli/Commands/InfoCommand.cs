using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster info</c>.</summary>
internal static class InfoCommand
{
    // GEMM sizes of the forward pass through a layer of 784 inputs and 256 outputs, over a shard of 128 rows.
    private const int M = 128;
    private const int N = 256;
    private const int K = 784;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        Option<string?> model = CliOption.Text("--model", "FILE.json", "Show the size of this network instead. [none]");
        var command = new Command("info", "Versions, processor features, and the BLAS backends with their measured speed on one core.")
        {
            json, model,
        };
        command.SetAction(given => given.GetValue(model) is { } path ? Size(path, given.GetValue(json)) : Show(given.GetValue(json)));
        return command;
    }

    private static int Size(string path, bool json)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--model {path}: cannot be read: {e.Message}", e);
        }

        var sizing = ModelSizing.Of(ModelSpec.Parse(text, path));
        Console.Out.WriteLine(json
            ? new JsonObject
            {
                ["neurons"] = sizing.Neurons,
                ["weights"] = sizing.Weights,
                ["biases"] = sizing.Biases,
                ["parameters"] = sizing.Parameters,
            }.ToJsonString()
            : sizing.ToString());
        return ExitCode.Done;
    }

    private static int Show(bool json)
    {
        var facts = new JsonObject
        {
            ["version"] = typeof(InfoCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
            ["framework"] = RuntimeInformation.FrameworkDescription,
            ["system"] = RuntimeInformation.OSDescription,
            ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
            ["processors"] = Environment.ProcessorCount,
            ["vectorBits"] = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
            ["fusedMultiplyAdd"] = Fma.IsSupported || AdvSimd.IsSupported,
        };
        var backends = new JsonArray();
        foreach (string name in Blas.Names)
        {
            backends.Add(Backend(name));
        }

        facts["blas"] = backends;
        if (json)
        {
            Console.Out.WriteLine(facts.ToJsonString());
            return ExitCode.Done;
        }

        foreach ((string key, JsonNode? value) in facts.Where(fact => fact.Value is JsonValue))
        {
            Console.Out.WriteLine($"{key,-17} {value}");
        }

        foreach (JsonNode? backend in backends)
        {
            Console.Out.WriteLine($"{"blas " + backend!["name"],-17} " + (backend["missing"] is { } missing
                ? missing.ToString()
                : $"{backend["gflops"]} GFLOP/s on one core ({M}×{N}×{K}); arithmetic {backend["arithmetic"]}"));
        }

        return ExitCode.Done;
    }

    private static JsonObject Backend(string name)
    {
        try
        {
            IBlas blas = Blas.Create(name);
            return new() { ["name"] = name, ["arithmetic"] = blas.Arithmetic, ["gflops"] = Math.Round(Measure(blas), 1) };
        }
        catch (BadInputException e)
        {
            return new() { ["name"] = name, ["missing"] = OptionNames.MessageOf(e) };
        }
    }

    // GFLOP/s of the fastest product within 0.1 s: the speed without interference of other processes.
    private static double Measure(IBlas blas)
    {
        float[] a = new float[M * K];
        float[] b = new float[N * K];
        float[] c = new float[M * N];
        Array.Fill(a, 0.5f);
        Array.Fill(b, 0.25f);
        using PackedMatrix packed = blas.CreatePacked(K, N);
        blas.Pack(Transpose.Yes, b, K, packed);
        double best = 0;
        long begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun) < TimeSpan.FromMilliseconds(100) || best == 0)
        {
            long start = Stopwatch.GetTimestamp();
            blas.GemmPacked(Transpose.No, M, a, K, packed, 0, c, N);
            best = Math.Max(best, 2.0 * M * N * K / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        return best;
    }
}
