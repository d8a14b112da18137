using System.Collections.Frozen;
using System.Reflection;
using Akka.Actor;
using Hyperion;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// The only types a control message may name: the messages themselves and what stands for an actor reference. Names are compared without version, culture and key, which Hyperion writes in one place and leaves out
/// in another.
/// </summary>
internal sealed class ControlTypes : ITypeFilter
{
    /// <summary>All messages.</summary>
    public static readonly IReadOnlyList<Type> Messages =
        [.. typeof(IControlMessage).Assembly.GetTypes().Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(IControlMessage)))];

    private static readonly FrozenSet<string> Allowed =
        Messages.Append(typeof(ActorRefBase.Surrogate)).Select(type => $"{type.FullName}, {type.Assembly.GetName().Name}").ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<Type, PropertyInfo[]> Fields = Messages.ToFrozenDictionary(type => type, type => type.GetProperties());

    public bool IsAllowed(string typeName) => Allowed.Contains(Strip(typeName));

    /// <summary>A field that is missing in a message; null if it is whole. No message has a field that may be absent.</summary>
    public static string? MissingField(IControlMessage message) =>
        Fields[message.GetType()].FirstOrDefault(field => field.GetValue(message) switch
        {
            null => true,
            string?[] texts => texts.Contains(null),
            _ => false,
        })?.Name;

    // "Name, Assembly, Version=…" → "Name, Assembly". Generic names hold commas of their own and then match nothing.
    private static string Strip(string typeName)
    {
        int first = typeName.IndexOf(',');
        int second = first < 0 ? -1 : typeName.IndexOf(',', first + 1);
        return second < 0 ? typeName : typeName[..second];
    }
}
