using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using Akka.Actor;
using Hyperion;
using NnCluster.Control;

namespace NnCluster.AkkaSupport;

/// <summary>Type of a control message's field; no other may occur.</summary>
internal enum ControlFieldKind
{
    /// <summary><see cref="string"/>.</summary>
    Text,

    /// <summary><see cref="long"/>.</summary>
    Number,

    /// <summary><see cref="T:byte[]"/>.</summary>
    Bytes,

    /// <summary><see cref="T:string[]"/>.</summary>
    Texts,

    /// <summary><see cref="IActorRef"/>, sent as <see cref="ActorRefBase.Surrogate"/>.</summary>
    Actor,
}

/// <summary>A field as Hyperion writes it.</summary>
/// <param name="Property">Name of the property.</param>
/// <param name="WireName">Name of the backing field, UTF-8.</param>
/// <param name="Kind">Type.</param>
internal sealed record ControlField(string Property, byte[] WireName, ControlFieldKind Kind);

/// <summary>An allowed type with its fields in wire order.</summary>
internal sealed record ControlShape(Type Type, ControlField[] Fields);

/// <summary>
/// Allow-list of the control plane: the messages and the surrogate of an actor reference. Names are compared without
/// version, culture and key, which Hyperion writes in one place and leaves out in another.
/// </summary>
internal sealed class ControlTypes : ITypeFilter
{
    /// <summary>All messages.</summary>
    public static readonly IReadOnlyList<Type> Messages =
        [.. typeof(IControlMessage).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(IControlMessage)))];

    /// <summary>Shape of an actor reference in a message.</summary>
    public static readonly ControlShape ActorReference = ShapeOf(typeof(ActorRefBase.Surrogate));

    private static readonly FrozenDictionary<string, ControlShape> Shapes =
        Messages.Select(ShapeOf).Append(ActorReference).ToFrozenDictionary(shape => NameOf(shape.Type), StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool IsAllowed(string typeName) => Find(typeName) is not null;

    /// <summary>Shape of the type with this name, assembly-qualified in full or in part; null if the type is not allowed.</summary>
    public static ControlShape? Find(string typeName) => Shapes.GetValueOrDefault(Strip(typeName));

    private static string NameOf(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    // Hyperion's order: ordinal, by the name of the backing field.
    private static ControlShape ShapeOf(Type type) => new(type,
    [
        .. type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderBy(field => field.Name, StringComparer.Ordinal)
            .Select(field => new ControlField(PropertyOf(field), Encoding.UTF8.GetBytes(field.Name), KindOf(field))),
    ]);

    // "<Reason>k__BackingField" → "Reason".
    private static string PropertyOf(FieldInfo field) => field.Name[(field.Name.IndexOf('<') + 1)..].Split('>')[0];

    private static ControlFieldKind KindOf(FieldInfo field) => field.FieldType switch
    {
        Type type when type == typeof(string) => ControlFieldKind.Text,
        Type type when type == typeof(long) => ControlFieldKind.Number,
        Type type when type == typeof(byte[]) => ControlFieldKind.Bytes,
        Type type when type == typeof(string[]) => ControlFieldKind.Texts,
        Type type when type == typeof(IActorRef) => ControlFieldKind.Actor,
        _ => throw new NotSupportedException($"{field.DeclaringType}.{field.Name}: a control message cannot hold a {field.FieldType}."),
    };

    // "Name, Assembly, Version=…" → "Name, Assembly". Generic names contain further commas, so they match no entry.
    private static string Strip(string typeName)
    {
        int first = typeName.IndexOf(',');
        int second = first < 0 ? -1 : typeName.IndexOf(',', first + 1);
        return second < 0 ? typeName : typeName[..second];
    }
}
