using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NnCluster.Model;

/// <summary>
/// JSON of a registered kind: its name alone if it has no members, <c>"relu"</c>, else an object with the name,
/// <c>{"kind":"leaky-relu","slope":0.01}</c>. Both forms are read for any kind.
/// </summary>
/// <typeparam name="TSpec">Base of the specification records.</typeparam>
internal abstract class KindConverter<TSpec>(KindRegistry<TSpec> registry) : JsonConverter<TSpec>
    where TSpec : class
{
    private const string KindMember = "kind";

    /// <inheritdoc/>
    public override TSpec Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        JsonNode? subtree = JsonNode.Parse(ref reader);
        JsonObject members = subtree as JsonObject ?? [];
        if ((subtree is JsonObject ? members[KindMember] : subtree) is not JsonValue value || !value.TryGetValue(out string? name))
        {
            throw new KindJsonException(null, $"must be a name or an object with {KindMember}, one of {string.Join(", ", registry.Names)}");
        }

        Type type = TypeOf(name);
        _ = members.Remove(KindMember);
        try
        {
            return (TSpec)members.Deserialize(type, options)!;
        }
        catch (JsonException exception)
        {
            string member = exception.Path?.TrimStart('$').TrimStart('.') ?? "";
            throw new KindJsonException(member.Length == 0 ? null : member, SpecMembers.Expectation(type, member), exception);
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TSpec value, JsonSerializerOptions options)
    {
        string name = registry.NameOf(value);
        JsonObject members = JsonSerializer.SerializeToNode(value, value.GetType(), options)!.AsObject();
        if (members.Count == 0)
        {
            writer.WriteStringValue(name);
            return;
        }

        members.Insert(0, KindMember, name);
        members.WriteTo(writer, options);
    }

    private Type TypeOf(string name)
    {
        try
        {
            return registry.TypeOf(name);
        }
        catch (BadInputException exception)
        {
            throw new KindJsonException(null, exception.Message, exception);
        }
    }
}

/// <summary>An error inside a kind's JSON. The serializer adds path and line of the kind itself.</summary>
/// <param name="member">Path of the member below the kind; null for the kind itself.</param>
/// <param name="expectation">What is wrong with it, to be read after the path.</param>
/// <param name="inner">The cause.</param>
internal sealed class KindJsonException(string? member, string expectation, Exception? inner = null)
    : JsonException($"{member} {expectation}".Trim(), inner)
{
    /// <summary>Path of the member below the kind; null for the kind itself.</summary>
    public string? Member => member;

    /// <summary>What is wrong with it, to be read after the path.</summary>
    public string Expectation => expectation;
}
