using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace NnCluster.AkkaSupport;

/// <summary>Takes the place of a serializer of Akka.NET that this cluster must not have, and refuses all it is given.</summary>
/// <remarks>
/// Akka.NET registers its serializers for JSON and for remote deployment in every system and offers no setting to leave
/// them out; a peer selects one by the identifier in its message. A serializer of the same name and identifier
/// replaces each.
/// </remarks>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "the default serializers of Akka.NET can be removed by configuration")]
internal abstract class RefusedSerializer(ExtendedActorSystem system, string reason) : Serializer(system)
{
    /// <inheritdoc/>
    public override bool IncludeManifest => true;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => throw new SerializationException($"{obj.GetType()} cannot be sent: {reason}.");

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type) => throw new SerializationException($"{type} is refused: {reason}.");
}

/// <summary>Replaces Akka.NET's JSON serializer, which would create any type that a message names.</summary>
internal sealed class NoJson : RefusedSerializer
{
    /// <summary>Identifier of the serializer that it replaces.</summary>
    public const int Id = 1;

    /// <summary>Created by Akka.NET, which passes the settings of the JSON serializer.</summary>
    public NoJson(ExtendedActorSystem system, Config settings)
        : base(system, "only control messages cross the wire") => ArgumentNullException.ThrowIfNull(settings);

    /// <inheritdoc/>
    public override int Identifier => Id;
}

/// <summary>Replaces the serializer for remote deployment, which would start any actor that a message names.</summary>
internal sealed class NoRemoteDeployment(ExtendedActorSystem system) : RefusedSerializer(system, "no actor is deployed from afar")
{
    /// <summary>Identifier of the serializer that it replaces.</summary>
    public const int Id = 3;

    /// <inheritdoc/>
    public override int Identifier => Id;
}
