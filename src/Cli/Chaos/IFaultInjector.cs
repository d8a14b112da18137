using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>Whom a fault strikes.</summary>
/// <param name="Plan">The fault.</param>
/// <param name="Worker">The worker, from 0.</param>
/// <param name="Process">The process that is struck: the worker's, or the coordinator's.</param>
/// <param name="Strikes">To be called in the moment before it strikes.</param>
internal sealed record FaultTarget(PlannedFault Plan, int Worker, int Process, Action Strikes);

/// <summary>Does one kind of harm.</summary>
internal interface IFaultInjector
{
    /// <summary>Strikes, and undoes it when its time is over or <paramref name="stop"/> is cancelled.</summary>
    /// <exception cref="FaultException">It could not be done.</exception>
    Task InjectAsync(FaultTarget target, CancellationToken stop);
}

/// <summary>A fault could not be made, or not be undone.</summary>
internal sealed class FaultException(string message) : Exception(message);
