using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using NnCluster.Control;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Akka.Serialization.Hyperion for <see cref="IControlMessage"/> and no other type. Fails closed: a type that is not in
/// <see cref="ControlTypes"/>, bytes that <see cref="ControlGrammar"/> refuses and any failure inside Hyperion are a
/// <see cref="SerializationException"/>, which costs the message; another exception would cost the connection.
/// </summary>
/// <remarks>
/// The settings go to the package's constructor. The package also takes a <c>HyperionSerializerSetup</c>, stores the
/// settings that it results in, and builds its serializer from those without it: a type filter in that setup has no effect.
/// </remarks>
[AkkaWorkaround(
    AkkaWorkaroundAttribute.CurrentVersion, "the package bounds lengths and nesting itself and applies the type filter of its setup")]
internal sealed class ControlSerializer(ExtendedActorSystem system) : HyperionSerializer(system, ControlSettings)
{
    /// <summary>Identifier of the package's serializer.</summary>
    public const int Id = -5;

    // Far beyond any control message, and within Akka.Remote's frame of 128,000 bytes.
    private const int MaxBytes = 100_000;

    // No object of a control message occurs twice, so references are off: a cycle cannot be written or read.
    private static readonly HyperionSerializerSettings ControlSettings = new(
        preserveObjectReferences: false,
        versionTolerance: true,
        knownTypesProvider: null,
        packageNameOverrides: [],
        surrogates: [],
        disallowUnsafeType: true,
        typeFilter: new ControlTypes());

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj)
    {
        if (obj is not IControlMessage)
        {
            throw new SerializationException($"{obj.GetType()} is not a control message.");
        }

        byte[] bytes;
        try
        {
            bytes = base.ToBinary(obj);
        }
        catch (Exception e) when (e is not SerializationException)
        {
            throw new SerializationException($"Could not write {obj.GetType().Name}: {e.Message}", e);
        }

        return bytes.Length <= MaxBytes
            ? bytes
            : throw new SerializationException(
                $"{obj.GetType().Name} takes {bytes.Length} bytes, a control message has at most {MaxBytes}.");
    }

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, Type type)
    {
        if (bytes.Length > MaxBytes)
        {
            throw new SerializationException($"A message of {bytes.Length} bytes arrived, a control message has at most {MaxBytes}.");
        }

        ControlGrammar.Check(bytes);
        return base.FromBinary(bytes, type) is IControlMessage message
            ? message
            : throw new SerializationException("Not a control message: Hyperion read another type.");
    }
}
