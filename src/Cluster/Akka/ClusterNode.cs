using System.Net.Sockets;
using Akka.Actor;
using NnCluster.Security;

namespace NnCluster.AkkaSupport;

/// <summary>One node of the cluster: its role, its address, and the address of the first node.</summary>
internal sealed record ClusterNode
{
    /// <summary>Name of every node's actor system.</summary>
    public const string SystemName = "nncluster";

    /// <summary>Role of the node that leads a run.</summary>
    public const string CoordinatorRole = "coordinator";

    /// <summary>Role of all other nodes.</summary>
    public const string WorkerRole = "worker";

    /// <summary><see cref="CoordinatorRole"/> or <see cref="WorkerRole"/>.</summary>
    public required string Role { get; init; }

    /// <summary>Host by which other nodes reach this one; part of its identity.</summary>
    public required string Host { get; init; }

    /// <summary>Address that the node listens on; null: <see cref="Host"/>.</summary>
    public string? BindHost { get; init; }

    /// <summary>Port; 0: a free one.</summary>
    public int Port { get; init; }

    /// <summary>Port by which other nodes reach this one; null: <see cref="Port"/>.</summary>
    public int? PublicPort { get; init; }

    /// <summary>Address of the cluster's first node; null: the node joins later, by <see cref="ClusterHost.Join"/>.</summary>
    public Address? Seed { get; init; }

    /// <summary>Address family to dial where a name has addresses of both; null: the transport chooses.</summary>
    public AddressFamily? Dials { get; init; }

    /// <summary>Receives Akka's warnings and errors, from any thread. [standard error]</summary>
    public Action<string> Log { get; init; } = Console.Error.WriteLine;

    /// <summary>Protection of both planes.</summary>
    public required LinkSecurity Security { get; init; }

    /// <summary>Address of a coordinator at a host and port.</summary>
    public static Address AddressOf(string host, int port, LinkSecurity security) =>
        new(AkkaTls.ProtocolOf(security), SystemName, host, port);
}
