using System.Globalization;

namespace NnCluster;

/// <summary>
/// A value from the user cannot be used: a property, a file, a data set. The message is one line: what is wrong, where, and
/// what would be right. The programs show it and end with exit code 2.
/// </summary>
public sealed class BadInputException : Exception
{
    private readonly FormattableString[] _parts = [];

    /// <summary>Creates the exception with its message.</summary>
    public BadInputException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its message and its cause.</summary>
    public BadInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception for the value of a property.</summary>
    /// <param name="property">Property whose value cannot be used.</param>
    /// <param name="parts">Parts of the message; properties in it are arguments of type <see cref="PropertyName"/>.</param>
    internal BadInputException(PropertyName property, params FormattableString[] parts)
        : this(property, null, parts)
    {
    }

    /// <summary>Creates the exception for the value of a property, with its cause.</summary>
    internal BadInputException(PropertyName property, Exception? innerException, params FormattableString[] parts)
        : base(string.Concat(parts.Select(part => part.ToString(CultureInfo.InvariantCulture))), innerException) =>
        (Property, _parts) = (property, parts);

    /// <summary>Property whose value cannot be used; null if the input at fault is no property.</summary>
    public PropertyName? Property { get; }

    /// <summary>Properties that the message names.</summary>
    public IEnumerable<PropertyName> Properties => _parts.SelectMany(part => part.GetArguments().OfType<PropertyName>());

    /// <summary>The message with other names for its properties.</summary>
    /// <param name="nameOf">Display name of a property, for instance the option that sets it.</param>
    public string MessageWith(Func<PropertyName, string> nameOf) =>
        _parts.Length == 0 ? Message : string.Concat(_parts.Select(part => Format(part, nameOf)));

    private static string Format(FormattableString part, Func<PropertyName, string> nameOf) => string.Format(
        CultureInfo.InvariantCulture,
        part.Format,
        [.. part.GetArguments().Select(argument => argument is PropertyName property ? nameOf(property) : argument)]);
}
