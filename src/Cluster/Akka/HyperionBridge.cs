using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Util;
using Hyperion;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;
using Serializer = Akka.Serialization.Serializer;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Akka.NET's serializer for <see cref="IControlMessage"/> and nothing else, over Hyperion, wire-compatible with
/// Akka.Serialization.Hyperion (id −5, no manifest, the same surrogate). It fails closed: any type not in
/// <see cref="ControlTypes"/>, any damage and any surprise is a <see cref="SerializationException"/>, which costs the
/// message and not the connection.
/// </summary>
public sealed class HyperionBridge : Serializer
{
    /// <summary>
    /// Binds control messages to this serializer, allows no type that is bound to none, and takes out what would turn
    /// bytes into arbitrary objects: the JSON serializer and remote deployment.
    /// </summary>
    public const string Config =
        """
        akka.actor {
          serializers {
            nncluster-control = "NnCluster.AkkaSupport.HyperionBridge, NnCluster.Cluster"
            json = "NnCluster.AkkaSupport.NoJson, NnCluster.Cluster"
            daemon-create = "NnCluster.AkkaSupport.NoRemoteDeployment, NnCluster.Cluster"
          }
          serialization-bindings {
            "NnCluster.Control.IControlMessage, NnCluster.Cluster" = nncluster-control
          }
          serialization-identifiers {
            "NnCluster.AkkaSupport.HyperionBridge, NnCluster.Cluster" = -5
            "NnCluster.AkkaSupport.NoJson, NnCluster.Cluster" = 1
            "NnCluster.AkkaSupport.NoRemoteDeployment, NnCluster.Cluster" = 3
          }
          serialization-settings.allow-unregistered-types = false
        }
        """;

    /// <summary>For tests: sends even local messages through their serializers.</summary>
    public const string TestConfig = "akka.actor.serialize-messages = on";

    // Far beyond any control message, and within Akka.Remote's frame of 128,000 bytes.
    private const int MaxBytes = 100_000;

    private readonly Hyperion.Serializer _serializer;

    /// <summary>Created by Akka.NET.</summary>
    public HyperionBridge(ExtendedActorSystem system)
        : base(system)
    {
        var surrogate = Surrogate.Create<ISurrogated, ISurrogate>(from => from.ToSurrogate(system), to => to.FromSurrogate(system));
        _serializer = new(SerializerOptions.Default
            .WithVersionTolerance(true)
            .WithPreserveObjectReferences(true)
            .WithIgnoreSerializable(true)
            .WithSurrogates([surrogate])
            .WithDisallowUnsafeType(true)
            .WithTypeFilter(new ControlTypes()));
    }

    /// <inheritdoc/>
    public override int Identifier => -5;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        if (obj is not IControlMessage)
        {
            throw new SerializationException($"{obj.GetType()} is no control message.");
        }

        byte[] bytes = Guarded($"write {obj.GetType().Name}", () =>
        {
            using var stream = new MemoryStream();
            _serializer.Serialize(obj, stream);
            return stream.ToArray();
        });
        return bytes.Length <= MaxBytes ? bytes : throw new SerializationException($"{obj.GetType().Name} takes {bytes.Length} bytes, a control message has at most {MaxBytes}.");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new SerializationException($"A message of {bytes.Length} bytes arrived, a control message has at most {MaxBytes}.");
        }

        object? read = Guarded("read a control message", () =>
        {
            using var stream = new ControlStream(bytes);
            return _serializer.Deserialize<object>(stream);
        });
        if (read is not IControlMessage message)
        {
            throw new SerializationException($"{read?.GetType().ToString() ?? "null"} arrived, which is no control message.");
        }

        return ControlTypes.MissingField(message) is { } field
            ? throw new SerializationException($"A {message.GetType().Name} arrived without its {field}.")
            : message;
    }

    // Hyperion throws whatever the bytes make its generated code run into; anything but a SerializationException
    // would end the connection to the whole node.
    private static T Guarded<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is not SerializationException)
        {
            throw new SerializationException($"Could not {what}: {e.Message}", e);
        }
    }
}
