using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using NnCluster.Cli.Launching;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A trained model behind HTTP, as a process.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly HttpClient _client = new() { Timeout = Timeout };
    private readonly int _port = LocalPort.FindFree();

    public void Dispose()
    {
        _client.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Rows_of_a_table_get_the_answers_of_predict_by_the_names_of_their_columns()
    {
        TrainTable();
        using NnClusterProcess server = Serve("table");
        JsonObject answer = await PostAsync("""{"rows":[{"kind":"a","x":0.2,"y":1},{"y":null,"kind":"b","x":"1.9"}]}""");
        JsonArray served = (JsonArray)answer["predictions"]!;
        File.WriteAllLines(_directory["rows.csv"], ["x,y,kind", "0.2,1,a", "1.9,,b"]);
        ProcessResult predicted = NnClusterProcess.Run("predict", _directory["table"], _directory["rows.csv"], "--json");
        Assert.True(predicted.ExitCode == 0, predicted.Error);
        Assert.Equal(predicted.Json.GetProperty("predictions").GetRawText(), served.ToJsonString());
        Assert.Null(answer["warnings"]);
        await EndAsync(server);
    }

    [Fact]
    public async Task What_a_model_does_not_know_is_a_warning_and_what_it_cannot_use_an_error_with_row_and_column()
    {
        TrainTable();
        using NnClusterProcess server = Serve("table");
        JsonObject answer = await PostAsync("""[{"kind":"z","x":0.2,"y":1,"more":5}]""");
        Assert.Equal(2, ((JsonArray)answer["warnings"]!).Count);
        Assert.Contains("""kind has "z", which is no category of the training rows""", (string)answer["warnings"]![0]!, StringComparison.Ordinal);
        Assert.Equal("not used by the model: more", (string)answer["warnings"]![1]!);
        foreach ((string body, string message) in new[]
        {
            ("""[{"kind":"a","x":1,"y":1},{"kind":"a","x":1}]""", """row 2 has no "y", which the model needs"""),
            ("""[{"kind":"a","x":"one","y":1}]""", """row 1: x has "one"; expected a finite number"""),
            ("""[{"kind":"a","x":1e999,"y":1}]""", "expected a finite number"),
            ("""[{"kind":"a","x":true,"y":1}]""", """x has "true"; expected a finite number"""),
            ("""[{"kind":"a","x":{},"y":1}]""", """row 1: "x" is an object; expected a number, a text or null"""),
            ("""[{"kind":"a","x":1,"x":2,"y":1}]""", """row 1 has "x" twice"""),
            ("[[1,2,3]]", "row 1 is an array; expected an object"),
            ("""{"row":[]}""", """the request has no "rows" """.TrimEnd()),
            ("7", "the rows are no array"),
            ("[{", "the request is no JSON"),
            ("", "the request is no JSON"),
            ("[\"\\ud800\"]", "row 1"),
            ("""[{"kind":"\ud800","x":1,"y":1}]""", "a text of the request is no Unicode"),
            ("""[{"k\ud800ind":"a","x":1,"y":1}]""", "a text of the request is no Unicode"),
            ("""{"r\ud800ows":[]}""", "no Unicode"),
            ("""{"rows":[],"rows":[]}""", """the request has "rows" twice"""),
        })
        {
            JsonObject refused = await PostAsync(body, HttpStatusCode.BadRequest);
            Assert.Contains(message, (string)refused["error"]!, StringComparison.Ordinal);
        }

        Assert.Empty((JsonArray)(await PostAsync("[]"))["predictions"]!);
        await EndAsync(server);
    }

    [Fact]
    public async Task Model_health_and_metrics_have_endpoints()
    {
        TrainTable();
        using NnClusterProcess server = Serve("table");
        JsonObject model = (JsonObject)JsonNode.Parse(await _client.GetStringAsync(Address("model")))!;
        Assert.Equal(("classification", "answer"), ((string?)model["task"], (string?)model["target"]));
        Assert.Equal(["x", "y", "kind"], ((JsonArray)model["columns"]!).Select(column => (string?)column!["name"]));
        Assert.Equal("ok\n", await _client.GetStringAsync(Address("healthz")));
        await PostAsync("""[{"kind":"a","x":1,"y":1},{"kind":"b","x":1,"y":1}]""");
        await PostAsync("[{}]", HttpStatusCode.BadRequest);
        string metrics = await _client.GetStringAsync(Address("metrics"));
        Assert.Matches(@"(?m)^nncluster_serve_rows_total\{[^}]*\} 2\b", metrics);
        Assert.Matches(@"(?m)^nncluster_serve_requests_total\{[^}]*status=""200""\} 1\b", metrics);
        Assert.Matches(@"(?m)^nncluster_serve_requests_total\{[^}]*status=""400""\} 1\b", metrics);
        using HttpResponseMessage other = await _client.GetAsync(Address("predictions"));
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        await EndAsync(server);
    }

    [Fact]
    public async Task A_model_of_images_takes_arrays_of_its_inputs()
    {
        ProcessResult trained = NnClusterProcess.Run(
            "train", "--dataset", NnClusterProcess.MnistRows, "--epochs", "3", "--hidden", "16", "--json", "--out", _directory["images"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        using NnClusterProcess server = Serve("images");
        JsonObject answer = await PostAsync($"[[{string.Join(',', Enumerable.Repeat("0.5", 784))}]]");
        var probabilities = (JsonObject)answer["predictions"]![0]!["probabilities"]!;
        Assert.Equal(10, probabilities.Count);
        Assert.Equal(1, probabilities.Sum(item => (double)item.Value!), 1e-5);
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Put })
        {
            using var other = new HttpRequestMessage(method, Address("predict"));
            using HttpResponseMessage response = await _client.SendAsync(other);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        }

        JsonObject bright = await PostAsync($"[[{string.Join(',', Enumerable.Repeat("17", 784))}]]", HttpStatusCode.BadRequest);
        Assert.Contains("value 1 is 17; expected a pixel from 0 to 1", (string)bright["error"]!, StringComparison.Ordinal);
        JsonObject refused = await PostAsync("[[1,2,3]]", HttpStatusCode.BadRequest);
        Assert.Contains("row 1 is no array of 784 numbers", (string)refused["error"]!, StringComparison.Ordinal);
        await EndAsync(server);
    }

    [Fact]
    public async Task A_model_of_images_by_class_names_its_classes()
    {
        ProcessResult trained = NnClusterProcess.Run(
            "train", "--dataset", Path.Combine(Repository.Root, "tests", "fixtures", "tables", "colours.npz"), "--epochs", "2", "--batch-size", "4",
            "--json", "--out", _directory["images"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        string[] classes = [.. trained.Json.GetProperty("metrics").GetProperty("classes").EnumerateArray().Select(of => of.GetProperty("name").GetString()!)];
        using NnClusterProcess server = Serve("images");
        JsonObject model = (JsonObject)JsonNode.Parse(await _client.GetStringAsync(Address("model")))!;
        Assert.Equal("classification", (string?)model["task"]);
        Assert.Equal((2, 2, "rgb"), ((int)model["images"]!["width"]!, (int)model["images"]!["height"]!, (string)model["images"]!["colour"]!));
        Assert.Equal(classes, ((JsonArray)model["classes"]!).Select(name => (string)name!));
        var answer = (JsonObject)(await PostAsync($"[[{string.Join(',', Enumerable.Repeat("0.5", 12))}]]"))["predictions"]![0]!;
        Assert.Contains((string)answer["prediction"]!, classes);
        Assert.Equal(classes, ((JsonObject)answer["probabilities"]!).Select(of => of.Key));
        await EndAsync(server);
    }

    [Fact]
    public async Task Many_requests_at_once_get_the_answers_that_each_gets_alone()
    {
        TrainTable();
        using NnClusterProcess server = Serve("table");
        string[] bodies = [.. Enumerable.Range(0, 40).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"[{{\"kind\":\"a\",\"x\":{i / 20.0},\"y\":{i % 3}}}]"))];
        string[] alone = new string[bodies.Length];
        for (int i = 0; i < bodies.Length; i++)
        {
            alone[i] = (await PostAsync(bodies[i])).ToJsonString();
        }

        JsonObject[] together = await Task.WhenAll(bodies.Select(body => PostAsync(body)));
        Assert.Equal(alone, together.Select(answer => answer.ToJsonString()));
        await EndAsync(server);
    }

    [Fact]
    public void A_port_in_use_and_a_run_that_is_not_there_are_one_line_and_exit_code_2()
    {
        TrainTable();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        ProcessResult result = NnClusterProcess.Run("serve", _directory["table"], "--listen", $"127.0.0.1:{port}");
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"--listen 127.0.0.1:{port}: cannot be listened on: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Error);
        Assert.Equal(2, NnClusterProcess.Run("serve", _directory["nothing"]).ExitCode);
    }

    private Uri Address(string path) => new($"http://127.0.0.1:{_port}/{path}");

    private void TrainTable()
    {
        File.WriteAllLines(_directory["table.csv"], ["x,y,kind,answer", .. Enumerable.Range(0, 200).Select(i => string.Create(
            CultureInfo.InvariantCulture, $"{i % 20 / 10.0},{(i % 7 == 0 ? "" : $"{i % 3}")},{(i % 2 == 0 ? 'a' : 'b')},{(i % 20 < 10 ? "low" : "high")}"))]);
        ProcessResult trained = NnClusterProcess.Run("train", "--dataset", _directory["table.csv"], "--epochs", "5", "--json", "--out", _directory["table"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
    }

    private NnClusterProcess Serve(string run)
    {
        var server = new NnClusterProcess(["serve", _directory[run], "--listen", $"127.0.0.1:{_port}"]);
        server.WaitFor<ServerReady>();
        return server;
    }

    private async Task<JsonObject> PostAsync(string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _client.PostAsync(Address("predict"), content);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == expected, $"{response.StatusCode}: {text}");
        return (JsonObject)JsonNode.Parse(text)!;
    }

    private static async Task EndAsync(NnClusterProcess server)
    {
        server.Signal(PosixSignal.SIGTERM);
        ProcessResult ended = await Task.Run(server.Wait);
        Assert.True(ended.ExitCode == 0, ended.Error);
    }
}
