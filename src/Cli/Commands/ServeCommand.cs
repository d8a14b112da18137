using System.CommandLine;
using NnCluster.Cli.Options;
using NnCluster.Cli.Serving;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster serve RUN|FILE</c>: answers rows over HTTP.</summary>
internal static class ServeCommand
{
    private static readonly HostPort Default = new("127.0.0.1", 8080);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var model = new Argument<string>("run") { Description = "A run directory, or a model or checkpoint file." };
        Option<HostPort?> listen = CliOption.Parsed<HostPort?>(
            "--listen",
            "HOST:PORT",
            $"Address to listen on. There is no encryption and no log-in: let other machines reach it through a proxy only. [{Default}]",
            HostPort.Parse, HostPort.Expected);
        Option<string?> blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Matrix multiplication. [simd]");
        Option<int?> statusFd = CliOption.StatusFd();
        var command = new Command(
            "serve", "Answers POST /predict with rows as JSON; also GET /model, /healthz and /metrics. SIGTERM and SIGINT end it.")
        {
            model, listen, blas, statusFd,
        };
        command.SetAction((given, _) => StatusWriter.RunAsync(
            given.GetValue(statusFd),
            status => ServeAsync(given.GetRequiredValue(model), given.GetValue(listen) ?? Default, given.GetValue(blas) ?? "simd", status),
            OptionNames.MessageOf));
        return command;
    }

    private static async Task<ProcessEnd> ServeAsync(string run, HostPort listen, string blas, StatusWriter status)
    {
        SafeTensorsFile file = TrainedRun.Open(run);
        using var predictor = Predictor.Load(file.Path, NnCluster.Numerics.Blas.Create(blas));
        var origin = ModelOrigin.Of(file);
        using var signals = new StopSignals(endWithInput: false);
        var service = new PredictionService(predictor, origin.ClassNames, origin.IsPixels, TrainedFile.StepOf(file));
        await using PredictionServer server = await PredictionServer.StartAsync(service, listen).ConfigureAwait(false);
        await Console.Error.WriteLineAsync($"{file.Path}: answers POST http://{listen}/predict").ConfigureAwait(false);
        status.Write(new ServerReady(listen.ToString(), file.Path));
        var stopped = new TaskCompletionSource();
        await using (signals.Token.Register(stopped.SetResult))
        {
            await stopped.Task.ConfigureAwait(false);
        }

        await server.StopAsync().ConfigureAwait(false);
        return new(ExitCode.Done);
    }
}
