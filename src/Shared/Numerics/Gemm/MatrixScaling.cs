namespace NnCluster.Numerics;

/// <summary>GEMM with an empty product: scales C.</summary>
internal static class MatrixScaling
{
    /// <summary>C (m, n) ← beta·C, zero for beta = 0.</summary>
    public static void Scale(int m, int n, float beta, Span<float> c, int ldc)
    {
        if (beta == 1 || n == 0)
        {
            return;
        }

        for (int row = 0; row < m; row++)
        {
            Span<float> rowC = c.Slice((int)((long)row * ldc), n);
            if (beta == 0)
            {
                rowC.Clear();
                continue;
            }

            foreach (ref float value in rowC)
            {
                value *= beta;
            }
        }
    }
}
