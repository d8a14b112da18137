using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>Writes packed fields.</summary>
internal static class FrameFields
{
    /// <summary>Writes fields, little-endian, as <see cref="FrameHeader.Fields"/> reads them.</summary>
    /// <param name="destination">At least the bytes of the fields.</param>
    /// <param name="fields">Struct with <c>Pack = 4</c>, so that no field is padded.</param>
    public static void Put<TFields>(this Span<byte> destination, TFields fields)
        where TFields : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Unsafe.SizeOf<TFields>(), destination.Length, nameof(fields));
        Unsafe.WriteUnaligned(ref destination[0], fields);
    }
}

/// <summary>A round in a header: 12 bytes.</summary>
/// <param name="Step">Optimizer steps before the round, at least 0.</param>
/// <param name="Kind">Kind of the round.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct RoundFields(long Step, RoundKind Kind)
{
    public static implicit operator RoundFields(RoundId round) => new(round.Step, round.Kind);

    public static implicit operator RoundId(RoundFields fields) => new(fields.Step, fields.Kind);

    /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
    public string? Validate() =>
        Step < 0 ? $"step {Step}" : Kind is < RoundKind.Gradient or > RoundKind.Validation ? $"round kind {(int)Kind}" : null;
}

/// <summary>A range of shards in a header: 8 bytes.</summary>
/// <param name="First">First shard, at least 0.</param>
/// <param name="Count">Number of shards, at least 1.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct ShardFields(int First, int Count)
{
    /// <summary>A bound that the shards of every run stay below.</summary>
    public const int MaxShards = 1 << 24;

    public static implicit operator ShardFields(ShardRange shards) => new(shards.Start, shards.Count);

    public static implicit operator ShardRange(ShardFields fields) => new(fields.First, fields.Count);

    /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
    public string? Validate() =>
        First < 0 || Count < 1 || Count > MaxShards || First > MaxShards - Count ? $"{Count} shards from {First} on" : null;
}

/// <summary>Fields of the frames that ask for, or could not compute, a range of shards: 28 bytes.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation, at least 0.</param>
/// <param name="Round">Round of the shards.</param>
/// <param name="Shards">The shards.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct AssignmentFields(long Term, RoundFields Round, ShardFields Shards)
{
    /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
    public string? Validate() => Term < 0 ? $"term {Term}" : Round.Validate() ?? Shards.Validate();
}

/// <summary>The fields of a frame that has none: 4 zero bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct NoFields(int Reserved)
{
    /// <returns>Null if the bytes are zero.</returns>
    public string? Validate() => Reserved == 0 ? null : "bytes in place of no fields";
}
