using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>The backends by the names the command line uses.</summary>
public static class Blas
{
    /// <summary>The names <see cref="Create"/> knows, the default first.</summary>
    public static IReadOnlyList<string> Names { get; } = ["simd", "openblas", "mathnet"];

    /// <summary>Makes the backend called <paramref name="name"/>.</summary>
    /// <exception cref="BadInputException">There is none of that name, or its library is absent.</exception>
    public static IBlas Create(string name) => name switch
    {
        "simd" => new SimdBlas(),
        "openblas" => OpenBlas.Load(),
        "mathnet" => new MathNetBlas(),
        _ => throw new BadInputException($"--blas {name}: there is no such backend; use one of {string.Join(", ", Names)}."),
    };
}
