using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace NnCluster.Model;

/// <summary>An open set of specification records, each known by the name that JSON gives it. Thread-safe.</summary>
/// <typeparam name="TSpec">Base of the records.</typeparam>
internal sealed partial class KindRegistry<TSpec>
    where TSpec : class
{
    private readonly string _noun;
    private readonly string _owner;
    private readonly Lock _registering = new();
    private volatile ImmutableSortedDictionary<string, Type> _types =
        ImmutableSortedDictionary<string, Type>.Empty.WithComparers(StringComparer.Ordinal);

    /// <summary>A registry with the built-in kinds.</summary>
    /// <param name="noun">The thing that is registered, for messages: <c>layer</c>.</param>
    /// <param name="owner">Class with the public <c>Register</c> method, for messages.</param>
    /// <param name="kinds">Names and types.</param>
    public KindRegistry(string noun, string owner, params ReadOnlySpan<(string Name, Type Type)> kinds)
    {
        (_noun, _owner) = (noun, owner);
        foreach ((string name, Type type) in kinds)
        {
            Register(name, type);
        }
    }

    /// <summary>The names in ordinal order.</summary>
    public ImmutableArray<string> Names => [.. _types.Keys];

    /// <summary>Adds a kind.</summary>
    /// <exception cref="ArgumentException">A malformed name, a name of another kind, or a kind that has another name.</exception>
    public void Register(string name, Type type)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!KindName().IsMatch(name))
        {
            throw new ArgumentException($"'{name}' is not a name of lower-case letters, digits and hyphens.", nameof(name));
        }

        lock (_registering)
        {
            if (_types.TryGetValue(name, out Type? registered) && registered != type)
            {
                throw new ArgumentException($"The {_noun} kind '{name}' is {registered} already.", nameof(name));
            }

            if (_types.FirstOrDefault(entry => entry.Value == type).Key is { } other && other != name)
            {
                throw new ArgumentException($"{type} is registered as '{other}' already.", nameof(name));
            }

            _types = _types.SetItem(name, type);
        }
    }

    /// <summary>The type of a name.</summary>
    /// <exception cref="BadInputException">No kind has that name.</exception>
    public Type TypeOf(string name) => _types.TryGetValue(name, out Type? type)
        ? type
        : throw new BadInputException(
            $"has no {_noun} kind '{name}'; the kinds are {string.Join(", ", Names)}; {_owner}.Register adds others");

    /// <summary>The name of a specification's kind.</summary>
    /// <exception cref="BadInputException">The kind is not registered.</exception>
    public string NameOf(TSpec spec)
    {
        Type type = spec.GetType();
        return _types.FirstOrDefault(entry => entry.Value == type).Key
            ?? throw new BadInputException($"{type} is not registered as a {_noun} kind: call {_owner}.Register first");
    }

    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex KindName();
}
