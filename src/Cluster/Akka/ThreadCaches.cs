using System.Reflection;
using Akka.Actor;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Akka.Remote (1.5.73) keeps caches in <see cref="ThreadLocal{T}"/>s that it never disposes, and whose values lead back
/// to them: every thread of the pool that a system has used holds all of that system, some 2 MB, for as long as the
/// thread lives. There is no public way to them.
/// </summary>
internal static class ThreadCaches
{
    private const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    /// <summary>Empties the caches of a system that has ended.</summary>
    public static void Release(ActorSystem system)
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
                        ((IDisposable)held).Dispose();
                    }
                }
            }
        }
    }

    private static IEnumerable<object> Values(object owner, Type type) => type.GetFields(Own).Select(field => field.GetValue(owner)).OfType<object>();
}
