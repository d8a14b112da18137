using System.Reflection;
using Akka.Actor;

namespace NnCluster.AkkaSupport;

/// <summary>Empties the per-thread caches of an actor system that has ended.</summary>
/// <remarks>
/// Akka.Remote keeps caches of paths and references in <see cref="ThreadLocal{T}"/> fields of its provider. It
/// never disposes them, and their values refer back to them: each pool thread that a system has used keeps that system,
/// some 2 MB, for as long as the thread lives. No public member leads to the caches, so this class finds them by
/// reflection.
/// </remarks>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "Akka.Remote disposes the caches of its provider when a system terminates")]
internal static class ThreadCaches
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    /// <summary>Disposes the caches of a system that has ended.</summary>
    /// <returns>Number of caches found: 2 with Akka.Remote 1.5.73, 0 without Akka.Remote.</returns>
    public static int Release(ActorSystem system)
    {
        IDisposable[] caches = [.. Of(system)];
        foreach (IDisposable cache in caches)
        {
            cache.Dispose();
        }

        return caches.Length;
    }

    /// <summary>The caches of a system, each a <see cref="ThreadLocal{T}"/>.</summary>
    internal static IEnumerable<IDisposable> Of(ActorSystem system)
    {
        object provider = ((ExtendedActorSystem)system).Provider;
        for (Type? type = provider.GetType(); type is not null; type = type.BaseType)
        {
            foreach (object cache in Values(provider, type).Where(value => value.GetType().Namespace == "Akka.Remote.Serialization"))
            {
                foreach (object held in Values(cache, cache.GetType()))
                {
                    if (held.GetType() is { IsGenericType: true } kind && kind.GetGenericTypeDefinition() == typeof(ThreadLocal<>))
                    {
                        yield return (IDisposable)held;
                    }
                }
            }
        }
    }

    private static IEnumerable<object> Values(object owner, Type type) =>
        type.GetFields(Own).Select(field => field.GetValue(owner)).OfType<object>();
}
