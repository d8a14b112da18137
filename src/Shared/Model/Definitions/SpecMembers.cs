using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NnCluster.Model;

/// <summary>The noun for a list of a type's values in error messages.</summary>
/// <param name="plural">The noun, such as <c>layers</c>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
internal sealed class ListedAsAttribute(string plural) : Attribute
{
    /// <summary>The noun.</summary>
    public string Plural => plural;
}

/// <summary>Says for error messages which members the JSON object of a specification has and which values they take.</summary>
internal static class SpecMembers
{
    /// <summary>The sentence about a wrong value, to be read after its path.</summary>
    /// <param name="type">The type at the root of the path.</param>
    /// <param name="path">Path of the wrong value, such as <c>hidden[1].dropout</c>; empty for the root.</param>
    public static string Expectation(Type type, string path)
    {
        if (path.Length == 0)
        {
            return $"must be {Expected(type)}";
        }

        int dot = path.IndexOf('.', StringComparison.Ordinal);
        string member = dot < 0 ? path : path[..dot];
        int bracket = member.IndexOf('[', StringComparison.Ordinal);
        string name = bracket < 0 ? member : member[..bracket];
        PropertyInfo? property = Properties(type).FirstOrDefault(property => NameOf(property) == name);
        if (property is null)
        {
            return $"is not known; the members there are {string.Join(", ", Properties(type).Select(NameOf))}";
        }

        Type value = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return Expectation(bracket < 0 ? value : ElementOf(value)!, dot < 0 ? "" : path[(dot + 1)..]);
    }

    private static string Expected(Type type) => type switch
    {
        _ when type == typeof(int) || type == typeof(long) => "a whole number",
        _ when type == typeof(float) || type == typeof(double) => "a number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(string) => "a text",
        _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetValues(type).Cast<object>().Select(SpecNames.Of))}",
        _ when type == typeof(Initializer) => "an object with kind and, for normal and uniform, scale",
        _ when ElementOf(type)?.GetCustomAttribute<ListedAsAttribute>() is { } noun => $"a list of {noun.Plural}",
        _ when ElementOf(type) is not null => "a list",
        _ => $"an object{Required(type)}",
    };

    private static string Required(Type type)
    {
        string members = string.Join(", ", Properties(type)
            .Where(property => property.IsDefined(typeof(RequiredMemberAttribute)))
            .Select(property => $"{NameOf(property)}, {Expected(property.PropertyType)}"));
        return members.Length == 0 ? "" : $" with {members}";
    }

    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? type.GetGenericArguments()[0] : null;

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private static string NameOf(PropertyInfo property) => JsonNamingPolicy.CamelCase.ConvertName(property.Name);
}
