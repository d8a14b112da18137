using System.Text.Json.Nodes;

namespace NnCluster.Training;

/// <summary>A property in which two specifications differ.</summary>
/// <param name="Property">Path of the property in the JSON of a specification, such as <c>optimizer.learningRate</c>.</param>
/// <param name="Value">The value in the first specification, as JSON; <c>unset</c> if it has none.</param>
/// <param name="Other">The value in the second specification, as JSON; <c>unset</c> if it has none.</param>
internal sealed record RunSpecDifference(string Property, string Value, string Other)
{
    private const string Unset = "unset";

    /// <summary>The properties in which two runs differ. The display name of the data set is not compared.</summary>
    /// <returns>Differences in the order of the properties; empty exactly if <see cref="RunSpec.IsSameRunAs"/>.</returns>
    public static IReadOnlyList<RunSpecDifference> Between(RunSpec spec, RunSpec other)
    {
        var differences = new List<RunSpecDifference>();
        if (!spec.IsSameRunAs(other))
        {
            Compare(string.Empty, spec.ToTree(), (other with { Dataset = spec.Dataset }).ToTree(), differences);
        }

        return differences;
    }

    private static void Compare(string path, JsonNode? value, JsonNode? other, List<RunSpecDifference> differences)
    {
        switch (value, other)
        {
            case (JsonObject a, JsonObject b):
                foreach (string name in a.Select(member => member.Key).Union(b.Select(member => member.Key)))
                {
                    Compare(path.Length == 0 ? name : $"{path}.{name}", a[name], b[name], differences);
                }

                break;
            case (JsonArray a, JsonArray b) when a.Count == b.Count:
                for (int i = 0; i < a.Count; i++)
                {
                    Compare(FormattableString.Invariant($"{path}[{i}]"), a[i], b[i], differences);
                }

                break;
            default:
                if (!JsonNode.DeepEquals(value, other))
                {
                    differences.Add(new(path, value?.ToJsonString() ?? Unset, other?.ToJsonString() ?? Unset));
                }

                break;
        }
    }
}
