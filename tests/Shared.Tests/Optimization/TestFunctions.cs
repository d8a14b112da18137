using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

internal static class TestFunctions
{
    /// <summary>The gradient of Σᵢ (1 - xᵢ)² + b(xᵢ₊₁ - xᵢ²)² (Rosenbrock 1960); the minimum is at (1, …, 1).</summary>
    public static double[] RosenbrockGradient(double[] x, double b)
    {
        double[] gradient = new double[x.Length];
        for (int i = 0; i + 1 < x.Length; i++)
        {
            double off = x[i + 1] - (x[i] * x[i]);
            gradient[i] += (-2 * (1 - x[i])) - (4 * b * x[i] * off);
            gradient[i + 1] += 2 * b * off;
        }

        return gradient;
    }

    /// <summary>Gradient of a function with different curvature in every direction; the minimum is at (1, …, 1).</summary>
    public static double[] ParabolaGradient(double[] x) => [.. x.Select((value, i) => (0.5 + i) * (value - 1))];
}
