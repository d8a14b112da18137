using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>A link could not be made: refused, timed out, or not what it should be. The message is the line to show.</summary>
public sealed class LinkException : Exception
{
    /// <summary>Creates the exception with the line to show.</summary>
    public LinkException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with the line to show and its cause.</summary>
    public LinkException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
