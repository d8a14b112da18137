using System.IO.Hashing;
using System.Runtime.InteropServices;
using NnCluster.Memory;

namespace NnCluster.Link;

/// <summary>Hash of a tensor on the wire.</summary>
internal static class TensorHash
{
    /// <summary>XxHash3 of the floats' little-endian bytes.</summary>
    public static ulong Of(RefCountedBuffer tensor) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(tensor.Span));
}
