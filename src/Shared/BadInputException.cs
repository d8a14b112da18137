namespace NnCluster;

/// <summary>
/// Something the user gave cannot be used: an option, a file, a data set. The message is the one line shown: what is
/// wrong, where, and what would be right. The programs end with exit code 2.
/// </summary>
public sealed class BadInputException : Exception
{
    /// <summary>Creates the exception with the line to show.</summary>
    public BadInputException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with the line to show and its cause.</summary>
    public BadInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
