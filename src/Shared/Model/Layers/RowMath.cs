using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Model;

/// <summary>An element-wise function of one vector. It uses +, −, ·, / and comparisons only: same bits at any vector width.</summary>
internal interface IUnaryOperator
{
    /// <summary>f(x).</summary>
    Vector<float> Invoke(Vector<float> x);
}

/// <summary>An element-wise function of two vectors. It uses +, −, ·, / and comparisons only: same bits at any vector width.</summary>
internal interface IBinaryOperator
{
    /// <summary>f(x, y).</summary>
    Vector<float> Invoke(Vector<float> x, Vector<float> y);
}

/// <summary>
/// Loops over row-major matrices (rows, columns): element-wise functions, and sums over rows in row order, vectorised
/// across columns. The bits do not depend on the vector width.
/// </summary>
internal static class RowMath
{
    /// <summary>destination[i] = f(x[i]); the spans may be the same.</summary>
    public static void Apply<TOperator>(TOperator f, ReadOnlySpan<float> x, Span<float> destination)
        where TOperator : struct, IUnaryOperator
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, destination.Length);
        ref float source = ref MemoryMarshal.GetReference(x);
        ref float target = ref MemoryMarshal.GetReference(destination);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            f.Invoke(Vector.LoadUnsafe(ref source, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            destination[i] = f.Invoke(new Vector<float>(x[i]))[0];
        }
    }

    /// <summary>destination[i] = f(x[i], y[i]); the spans may be the same.</summary>
    public static void Apply<TOperator>(TOperator f, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination)
        where TOperator : struct, IBinaryOperator
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(x.Length, destination.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, destination.Length);
        ref float first = ref MemoryMarshal.GetReference(x);
        ref float second = ref MemoryMarshal.GetReference(y);
        ref float target = ref MemoryMarshal.GetReference(destination);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            f.Invoke(Vector.LoadUnsafe(ref first, (nuint)i), Vector.LoadUnsafe(ref second, (nuint)i)).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            destination[i] = f.Invoke(new Vector<float>(x[i]), new Vector<float>(y[i]))[0];
        }
    }

    /// <summary>destination[i] += source[i].</summary>
    public static void Add(ReadOnlySpan<float> source, Span<float> destination) =>
        Apply(default(Sum), source, destination, destination);

    /// <summary>destination[i] = x[i]·y[i].</summary>
    public static void Multiply(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination) =>
        Apply(default(Product), x, y, destination);

    /// <summary>Copies one row over every row of a matrix (rows, row.Length).</summary>
    public static void FillRows(ReadOnlySpan<float> row, Span<float> matrix)
    {
        for (; !matrix.IsEmpty; matrix = matrix[row.Length..])
        {
            row.CopyTo(matrix);
        }
    }

    /// <summary>sums[j] = Σᵢ matrix[i, j], rows in order.</summary>
    public static void ColumnSums(ReadOnlySpan<float> matrix, Span<float> sums)
    {
        sums.Clear();
        for (; !matrix.IsEmpty; matrix = matrix[sums.Length..])
        {
            Add(matrix[..sums.Length], sums);
        }
    }

    /// <summary>sums[j] = Σᵢ a[i, j]·b[i, j], rows in order; product and sum are rounded separately.</summary>
    public static void ColumnDots(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> sums)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(a.Length, b.Length);
        sums.Clear();
        int columns = sums.Length;
        ref float left = ref MemoryMarshal.GetReference(a);
        ref float right = ref MemoryMarshal.GetReference(b);
        ref float total = ref MemoryMarshal.GetReference(sums);
        for (int row = 0; row <= a.Length - columns; row += columns)
        {
            int j = 0;
            for (; j <= columns - Vector<float>.Count; j += Vector<float>.Count)
            {
                Vector<float> product = Vector.LoadUnsafe(ref left, (nuint)(row + j)) * Vector.LoadUnsafe(ref right, (nuint)(row + j));
                (Vector.LoadUnsafe(ref total, (nuint)j) + product).StoreUnsafe(ref total, (nuint)j);
            }

            for (; j < columns; j++)
            {
                float product = a[row + j] * b[row + j];
                sums[j] += product;
            }
        }
    }

    private readonly struct Sum : IBinaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> y) => x + y;
    }

    private readonly struct Product : IBinaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> y) => x * y;
    }
}
