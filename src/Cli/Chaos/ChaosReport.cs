using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Persistence;

namespace NnCluster.Cli.Chaos;

/// <summary>Result of <c>nncluster chaos</c>: both hashes, every fault, and its cost.</summary>
/// <param name="Plan">The parameters.</param>
/// <param name="Disturbed">The run under faults.</param>
/// <param name="Result">Result of the run under faults.</param>
/// <param name="Undisturbed">Result of the run without faults.</param>
/// <param name="Steps">Error in the sequence of steps in the metrics of the run under faults; null: none.</param>
internal sealed record ChaosReport(ChaosPlan Plan, DisturbedRun Disturbed, RunSummary Result, RunSummary Undisturbed, string? Steps)
{
    /// <summary>Whether both runs ended with the same bits, and every step is in the metrics once.</summary>
    public bool IsGood => Result.WeightsSha256 == Undisturbed.WeightsSha256 && Result.Steps == Undisturbed.Steps && Steps is null;

    private IEnumerable<FaultRecord> Faults => Disturbed.Watch.Closed
        .Concat(Disturbed.Watch.Open.Where(fault => fault.InjectedAt is not null))
        .OrderBy(fault => fault.Number);

    /// <summary>A fault and its consequences in one line.</summary>
    public static string Line(FaultRecord fault)
    {
        string length = fault.Length > TimeSpan.Zero ? FormattableString.Invariant($" for {fault.Length.TotalSeconds:0.0} s") : "";
        string kind = CliOption.NameOf(fault.Kind);
        string target = fault.Target == kind ? kind : $"{kind} {fault.Target}";
        string line = FormattableString.Invariant($"fault {fault.Number + 1}: {target}{length}");
        return string.Join("; ", new[]
        {
            line,
            fault.Kind is ChaosFault.Disk or ChaosFault.Coordinator ? null
                : fault.Reassigned is { } reassigned
                    ? FormattableString.Invariant($"{fault.Shards} shards reassigned after {Text(reassigned)}")
                    : "no shard was reassigned",
            fault.Recovered is { } recovered ? $"recovered after {Text(recovered)}" : null,
            fault.Back is { } back ? $"back after {Text(back)}" : null,
        }.OfType<string>());
    }

    /// <summary>The report as one JSON object.</summary>
    public JsonObject ToJson() => new()
    {
        ["same"] = IsGood,
        ["disturbedSha256"] = Result.WeightsSha256,
        ["undisturbedSha256"] = Undisturbed.WeightsSha256,
        ["steps"] = Result.Steps,
        ["everyStepOnce"] = Steps is null,
        ["workers"] = Plan.Nodes,
        ["seed"] = Plan.Seed,
        ["seconds"] = Disturbed.Time.TotalSeconds,
        ["reassignedShards"] = Disturbed.Watch.ReassignedShards,
        ["workersLost"] = Disturbed.Watch.WorkersLost,
        ["coordinatorTerms"] = Disturbed.Watch.Incarnations,
        ["medians"] = new JsonObject(Kinds().Select(kind => KeyValuePair.Create(CliOption.NameOf(kind.Kind), (JsonNode?)new JsonObject
        {
            ["faults"] = kind.Count,
            ["noticedMs"] = Milliseconds(kind.Noticed),
            ["reassignedMs"] = Milliseconds(kind.Reassigned),
            ["recoveredMs"] = Milliseconds(kind.Recovered),
            ["backMs"] = Milliseconds(kind.Back),
        }))),
        ["processes"] = new JsonObject(Disturbed.Growth.Select(role => KeyValuePair.Create(role.Key, (JsonNode?)new JsonObject
        {
            ["memoryMb"] = Pair(role.Value, use => use.Memory / 1e6),
            ["threads"] = Pair(role.Value, use => use.Threads),
            ["handles"] = Pair(role.Value, use => use.Handles),
        }))),
        ["faults"] = new JsonArray([.. Faults.Select(Json)]),
    };

    /// <summary>The report as text.</summary>
    public IEnumerable<string> ToText()
    {
        yield return $"{"fault",-12} {"number",6} {"noticed",9} {"reassigned",10} {"recovered",10} {"back",9}   (medians)";
        foreach ((ChaosFault kind, int count, TimeSpan? noticed, TimeSpan? reassigned, TimeSpan? recovered, TimeSpan? back) in Kinds())
        {
            yield return $"{CliOption.NameOf(kind),-12} {count,6} {Text(noticed),9} {Text(reassigned),10} "
                + $"{Text(recovered),10} {Text(back),9}";
        }

        foreach ((string role, UseGrowth growth) in Disturbed.Growth)
        {
            (ProcessUse start, ProcessUse end) = growth;
            yield return FormattableString.Invariant($"{role,-12} memory {start.Memory / 1e6:0} to {end.Memory / 1e6:0} MB, ")
                + FormattableString.Invariant($"threads {start.Threads} to {end.Threads}, handles {start.Handles} to {end.Handles}");
        }

        FaultWatch watch = Disturbed.Watch;
        yield return FormattableString.Invariant($"{Result.Steps} steps in {Disturbed.Time.TotalSeconds:0.0} s, ")
            + FormattableString.Invariant($"{watch.ReassignedShards} shards reassigned, {watch.WorkersLost} workers lost, ")
            + FormattableString.Invariant($"{watch.Incarnations} coordinators");
        yield return $"disturbed    {Result.WeightsSha256}";
        yield return $"undisturbed  {Undisturbed.WeightsSha256}";
        yield return Steps ?? (IsGood ? "the same bits, every step once" : "DIFFERENT");
    }

    private IEnumerable<(
        ChaosFault Kind, int Count, TimeSpan? Noticed, TimeSpan? Reassigned, TimeSpan? Recovered, TimeSpan? Back)> Kinds() =>
        from fault in Faults
        group fault by fault.Kind into kind
        orderby kind.Key
        select (
            kind.Key,
            kind.Count(),
            Median(kind, f => f.Noticed),
            Median(kind, f => f.Reassigned),
            Median(kind, f => f.Recovered),
            Median(kind, f => f.Back));

    private static JsonObject Json(FaultRecord fault) => new()
    {
        ["number"] = fault.Number + 1,
        ["kind"] = CliOption.NameOf(fault.Kind),
        ["target"] = fault.Target,
        ["injectedAt"] = fault.InjectedAt,
        ["seconds"] = fault.Length.TotalSeconds,
        ["shards"] = fault.Shards,
        ["noticedMs"] = Milliseconds(fault.Noticed),
        ["reassignedMs"] = Milliseconds(fault.Reassigned),
        ["recoveredMs"] = Milliseconds(fault.Recovered),
        ["backMs"] = Milliseconds(fault.Back),
    };

    private static JsonObject Pair(UseGrowth growth, Func<ProcessUse, double> of) =>
        new() { ["start"] = of(growth.Start), ["end"] = of(growth.End) };

    private static TimeSpan? Median(IEnumerable<FaultRecord> faults, Func<FaultRecord, TimeSpan?> of)
    {
        TimeSpan[] times = [.. faults.Select(of).OfType<TimeSpan>().Order()];
        return times.Length == 0 ? null : times[times.Length / 2];
    }

    private static double? Milliseconds(TimeSpan? time) => time is { } known ? Math.Round(known.TotalMilliseconds, 3) : null;

    private static string Text(TimeSpan? time) =>
        time is not { } known ? "-"
        : known.TotalSeconds >= 10 ? FormattableString.Invariant($"{known.TotalSeconds:0.0} s")
        : known.TotalMilliseconds >= 10 ? FormattableString.Invariant($"{known.TotalMilliseconds:0} ms")
        : FormattableString.Invariant($"{known.TotalMilliseconds:0.0} ms");
}
