using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using NnCluster.Cli.Serving;
using NnCluster.Telemetry;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>Alert rules, dashboard and documentation name the metrics that are exported.</summary>
public sealed partial class PrometheusTests
{
    private static readonly string[] Parts = ["_bucket", "_sum", "_count"];

    [Theory]
    [InlineData("deploy/prometheus/alerts.yaml")]
    [InlineData("deploy/prometheus/dashboard.json")]
    [InlineData("docs/observe.md")]
    public async Task Every_metric_that_is_named_is_exported(string file)
    {
        Dictionary<string, string> exported = TypesIn(await ScrapeAsync());
        string[] named = [.. Name().Matches(Read(file)).Select(match => match.Value).Distinct()];
        Assert.True(named.Length >= 5);
        Assert.All(named.Where(name => !name.EndsWith('_')), name => Assert.True(
            exported.ContainsKey(name) || Parts.Any(part => name.EndsWith(part, StringComparison.Ordinal) && exported.GetValueOrDefault(name[..^part.Length]) == "histogram"),
            $"{file}: {name}"));
    }

    [Fact]
    public async Task Every_metric_that_is_exported_is_documented()
    {
        string documented = Read("docs/observe.md");
        string[] exported = [.. TypesIn(await ScrapeAsync()).Keys.Where(name => name.StartsWith("nncluster_", StringComparison.Ordinal) && !name.Contains("_serve_", StringComparison.Ordinal))];
        Assert.True(exported.Length >= 20, string.Join(' ', exported));
        Assert.All(exported, name => Assert.Contains($"`{name}`", documented, StringComparison.Ordinal));
    }

    [Fact]
    public void The_panels_of_the_dashboard_have_queries_of_one_coordinator_and_do_not_overlap()
    {
        JsonElement[] panels = [.. JsonDocument.Parse(Read("deploy/prometheus/dashboard.json")).RootElement.GetProperty("panels").EnumerateArray()];
        Assert.All(panels.SelectMany(panel => panel.GetProperty("targets").EnumerateArray()), target =>
            Assert.Contains("instance=~\"$instance\"", target.GetProperty("expr").GetString(), StringComparison.Ordinal));
        int Cell(JsonElement panel, string name) => panel.GetProperty("gridPos").GetProperty(name).GetInt32();
        (int X, int Y)[] cells =
        [
            .. from panel in panels
               from x in Enumerable.Range(Cell(panel, "x"), Cell(panel, "w"))
               from y in Enumerable.Range(Cell(panel, "y"), Cell(panel, "h"))
               select (x, y),
        ];
        Assert.Equal(cells.Length, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
    }

    [ToolFact("promtool", "--version")]
    public void The_rules_are_rules()
    {
        ProcessResult checkedRules = Tool.Run("promtool", ["check", "rules", Path.Combine(Repository.Root, "deploy/prometheus/alerts.yaml")]);
        Assert.True(checkedRules.ExitCode == 0, checkedRules.Error);
    }

    // The names of the runtime's metrics are not ours: promtool finds fault with some.
    [ToolFact("promtool", "--version")]
    public async Task Prometheus_reads_a_scrape_and_finds_no_fault_with_our_names()
    {
        using var directory = new TemporaryDirectory();
        string file = directory["scrape.txt"];
        await File.WriteAllLinesAsync(file, (await ScrapeAsync()).Split('\n').Where(line => line.Contains("nncluster_", StringComparison.Ordinal)));
        ProcessResult checkedMetrics = Tool.Run("bash", ["-c", "promtool check metrics < \"$0\"", file]);
        Assert.True(checkedMetrics.ExitCode == 0, checkedMetrics.Output + checkedMetrics.Error);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    private static Dictionary<string, string> TypesIn(string scrape) =>
        Type().Matches(scrape).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    /// <summary>A scrape in which every instrument has a value.</summary>
    private static async Task<string> ScrapeAsync()
    {
        await using HealthEndpoint endpoint = (await HealthEndpoint.OpenAsync(0, () => new(true, true, "")))!;
        foreach (object instrument in typeof(RunMeter).GetFields(BindingFlags.Static | BindingFlags.Public).Select(field => field.GetValue(null)!))
        {
            MethodInfo? record = instrument.GetType().GetMethods()
                .FirstOrDefault(method => method.Name is "Record" or "Add" && method.GetParameters().Length == 1 && method.DeclaringType!.IsGenericType);
            record?.Invoke(instrument, [Convert.ChangeType(0, record.GetParameters()[0].ParameterType, provider: null)]);
        }

        using var client = new HttpClient();
        return await client.GetStringAsync(new Uri($"http://127.0.0.1:{endpoint.Port}/metrics"));
    }

    [GeneratedRegex("nncluster_[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex(@"^# TYPE (\S+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();
}
