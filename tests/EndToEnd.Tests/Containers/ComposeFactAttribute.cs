using System.Net.Sockets;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests.Containers;

/// <summary>
/// A test with real containers; skipped where there is no engine, no Docker Compose or no image of deploy/Dockerfile, saying which. The
/// command tests/EndToEnd.Tests/Containers/with-engine gives another one all of them.
/// </summary>
public sealed class ComposeFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Missing = new(Look);

    /// <summary>Skips the test where it cannot run.</summary>
    public ComposeFactAttribute() => Skip = Missing.Value is { } missing ? $"needs {missing}; see tests/EndToEnd.Tests/Containers/with-engine" : null;

    private static string? Look()
    {
        if (new RootFactAttribute().Skip is not null)
        {
            return "root, on Linux";
        }

        if (ComposeCluster.Program is null)
        {
            return "Docker Compose";
        }

        if (!File.Exists(ContainerEngine.Socket))
        {
            return $"a container engine at {ContainerEngine.Socket}";
        }

        try
        {
            using var engine = new ContainerEngine();
            return engine.HasImage(ComposeCluster.Image) ? null : $"the image {ComposeCluster.Image}";
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException)
        {
            return $"a container engine that answers at {ContainerEngine.Socket}";
        }
    }
}
