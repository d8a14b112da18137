using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>Stands in the place of a serializer that this cluster must not have.</summary>
public abstract class RefusedSerializer(ExtendedActorSystem system, string what) : Serializer(system)
{
    /// <inheritdoc/>
    public override bool IncludeManifest => true;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} cannot be sent: {what}.");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException($"{type} is refused: {what}.");
}

/// <summary>In place of Akka.NET's JSON serializer, which would create any type that a message names.</summary>
public sealed class NoJson : RefusedSerializer
{
    /// <summary>Created by Akka.NET, which has settings for the serializer it thinks this is.</summary>
    public NoJson(ExtendedActorSystem system, Config settings)
        : base(system, "only control messages cross the wire") => ArgumentNullException.ThrowIfNull(settings);

    /// <inheritdoc/>
    public override int Identifier => 1;
}

/// <summary>In place of the serializer for remote deployment, which would start any actor that a message names.</summary>
public sealed class NoRemoteDeployment(ExtendedActorSystem system) : RefusedSerializer(system, "no actor is deployed from afar")
{
    /// <inheritdoc/>
    public override int Identifier => 3;
}
