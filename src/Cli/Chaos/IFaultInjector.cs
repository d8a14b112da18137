namespace NnCluster.Cli.Chaos;

/// <summary>Target of a fault.</summary>
/// <param name="Plan">The fault.</param>
/// <param name="Node">Index of the node, from 0.</param>
/// <param name="Process">Id of the process: of the node, or of the coordinator.</param>
/// <param name="OnInject">The injector calls it immediately before the fault begins.</param>
internal sealed record FaultTarget(PlannedFault Plan, int Node, int Process, Action OnInject);

/// <summary>Injects one kind of fault.</summary>
internal interface IFaultInjector
{
    /// <summary>Injects the fault, and removes it after its length or when <paramref name="stop"/> is cancelled.</summary>
    /// <exception cref="FaultException">The fault cannot be injected or removed.</exception>
    Task InjectAsync(FaultTarget target, CancellationToken stop);
}

/// <summary>A fault cannot be injected, or cannot be removed.</summary>
internal sealed class FaultException(string message) : Exception(message);
