using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using NnCluster.Cli.Launching;
using NnCluster.Prediction;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Examples;

/// <summary>The examples run, as they are built with the solution, and the README shows their text.</summary>
public sealed class ExamplesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task The_training_example_leaves_a_model_that_the_service_answers_with()
    {
        string model = _directory["points.safetensors"];
        ProcessResult trained = DotnetCommand.Run(_directory.Path, PathOf("train-arrays"));
        Assert.True(trained.ExitCode == 0, trained.Error);
        Match accuracy = Regex.Match(trained.Output, "^test accuracy ([0-9.]+) %");
        Assert.True(accuracy.Success, trained.Output);
        // The larger class has 56 % of the rows.
        Assert.InRange(double.Parse(accuracy.Groups[1].Value, CultureInfo.InvariantCulture), 90, 100);
        Assert.True(File.Exists(model));

        string address = $"http://127.0.0.1:{LocalPort.FindFree()}";
        using Process service = DotnetCommand.Start("dotnet", _directory.Path, PathOf("serve"), "--urls", address, "--model", model);
        Task<string> output = service.StandardOutput.ReadToEndAsync();
        Task<string> error = service.StandardError.ReadToEndAsync();
        try
        {
            using var client = new HttpClient { BaseAddress = new(address), Timeout = TimeSpan.FromSeconds(30) };
            await WaitUntilItListensAsync(client, service);
            await AnswersEqualThoseOfThePredictorAsync(client, model);
            await WrongLengthsAreRefusedAsync(client);
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            service.WaitForExit();
        }

        Assert.DoesNotContain("fail:", await output, StringComparison.Ordinal);
        Assert.Empty(await error);
    }

    [Fact]
    public void The_example_with_a_table_learns_it_and_answers_a_row()
    {
        File.Copy(Path.Combine(Repository.Root, "examples", "train-table", "flowers.csv"), _directory["flowers.csv"]);
        ProcessResult trained = DotnetCommand.Run(_directory.Path, PathOf("train-table"));
        Assert.True(trained.ExitCode == 0, trained.Error);
        Match accuracy = Regex.Match(trained.Output, "^test accuracy ([0-9.]+) %, after epoch [0-9]+\n");
        Assert.True(accuracy.Success, trained.Output);
        Assert.InRange(double.Parse(accuracy.Groups[1].Value, CultureInfo.InvariantCulture), 90, 100);
        Assert.Contains("tulip, with probability 0.", trained.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train-arrays")]
    [InlineData("train-table")]
    [InlineData("serve")]
    public void The_readme_shows_the_whole_program(string example)
    {
        string program = File.ReadAllText(Path.Combine(Repository.Root, "examples", example, "Program.cs"));
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.True(readme.Contains($"```csharp\n{program}```\n", StringComparison.Ordinal), $"README.md lacks the text of {example}:\n{program}");
    }

    [Fact]
    public void The_training_example_has_at_most_20_lines() =>
        Assert.InRange(File.ReadAllLines(Path.Combine(Repository.Root, "examples", "train-arrays", "Program.cs")).Length, 1, 20);

    public void Dispose() => _directory.Dispose();

    private static async Task AnswersEqualThoseOfThePredictorAsync(HttpClient client, string model)
    {
        const int Clients = 8;
        const int Requests = 25;
        using Predictor predictor = Predictor.Load(model);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            for (int i = 0; i < Requests; i++)
            {
                float[] row = [(random.NextSingle() * 4) - 2, (random.NextSingle() * 4) - 2];
                using HttpResponseMessage response = await client.PostAsJsonAsync("/predict", row);
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
                Assert.Equal(predictor.Classify(row), answer.GetProperty("answer").GetInt32());
                Assert.Equal(predictor.Predict(row), answer.GetProperty("probabilities").Deserialize<float[]>());
            }
        })));
    }

    private static async Task WrongLengthsAreRefusedAsync(HttpClient client)
    {
        using HttpResponseMessage tooLong = await client.PostAsJsonAsync("/predict", new float[3]);
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
        Assert.Equal("expected 2 numbers, not 3", await tooLong.Content.ReadFromJsonAsync<string>());
        using HttpResponseMessage noArray = await client.PostAsJsonAsync("/predict", "text");
        Assert.Equal(HttpStatusCode.BadRequest, noArray.StatusCode);
    }

    private static async Task WaitUntilItListensAsync(HttpClient client, Process service)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await client.GetAsync(new Uri("/", UriKind.Relative));
                return;
            }
            catch (HttpRequestException) when (!service.HasExited && waited.Elapsed < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(50);
            }
        }
    }

    private static string PathOf(string example) =>
        Path.GetFullPath(Path.Combine(Metadata("Examples"), example, Metadata("ExampleOutput"), example + ".dll"));

    private static string Metadata(string key) => typeof(ExamplesTests).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
