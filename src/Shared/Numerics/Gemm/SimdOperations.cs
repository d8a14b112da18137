using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Numerics;

/// <summary>
/// Vector operations of a GEMM as static members of a struct: the JIT compiles the kernel for each vector type, with all calls
/// inlined and all sizes constant.
/// </summary>
internal unsafe interface ISimdOperations<TVector>
    where TVector : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of the register tile, which is two vectors wide. Rows × 2 accumulators + 3 operands fit the registers.</summary>
    static abstract int TileRows { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(TVector vector, float* destination);

    static abstract TVector Broadcast(float value);

    static abstract TVector Add(TVector left, TVector right);

    /// <summary>a·b + c: one rounding with <see cref="SimdArithmetic.HasFusedMultiplyAdd"/>, else two.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
}

/// <summary>Rounding of this processor's multiply-add, the same for all vector widths.</summary>
internal static class SimdArithmetic
{
    /// <summary>
    /// True if a·b + c is rounded once. A processor without the instruction multiplies and adds: fused multiply-add in software
    /// would be two orders of magnitude slower.
    /// </summary>
    public static bool HasFusedMultiplyAdd
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.IsSupported;
    }

    /// <summary>
    /// <c>fma-1/net10</c> or <c>muladd-1/net10</c>, or a name of this machine alone where it has no vectors: how a product is added, the
    /// version of the order <see cref="SimdBlas"/>
    /// documents, and the framework, whose vector functions <see cref="VectorMath"/> uses.
    /// </summary>
    public static string Name { get; } = $"{Kind}-1/net{Environment.Version.Major}";

    // Without vectors in hardware, the framework's functions are those of the machine's own C library.
    private static string Kind => !Vector128.IsHardwareAccelerated ? $"scalar@{Environment.MachineName}" : HasFusedMultiplyAdd ? "fma" : "muladd";
}

/// <summary>AVX-512: 32 registers of 16 floats.</summary>
internal readonly unsafe struct Simd512 : ISimdOperations<Vector512<float>>
{
    public static int Width => 16;

    public static int TileRows => 12;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> vector, float* destination) => vector.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        SimdArithmetic.HasFusedMultiplyAdd ? Vector512.FusedMultiplyAdd(a, b, c) : (a * b) + c;
}

/// <summary>AVX2: 16 registers of 8 floats.</summary>
internal readonly unsafe struct Simd256 : ISimdOperations<Vector256<float>>
{
    public static int Width => 8;

    public static int TileRows => 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> vector, float* destination) => vector.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        SimdArithmetic.HasFusedMultiplyAdd ? Vector256.FusedMultiplyAdd(a, b, c) : (a * b) + c;
}

/// <summary>Arm64's AdvSimd (32 registers of 4 floats) or SSE (16 of them).</summary>
internal readonly unsafe struct Simd128 : ISimdOperations<Vector128<float>>
{
    public static int Width => 4;

    public static int TileRows => AdvSimd.Arm64.IsSupported ? 12 : 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> vector, float* destination) => vector.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        SimdArithmetic.HasFusedMultiplyAdd ? Vector128.FusedMultiplyAdd(a, b, c) : (a * b) + c;
}
