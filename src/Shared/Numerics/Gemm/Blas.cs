namespace NnCluster.Numerics;

/// <summary>Backends by name.</summary>
public static class Blas
{
    /// <summary>Names that <see cref="Create"/> accepts; the first is the default.</summary>
    public static IReadOnlyList<string> Names { get; } = ["simd", "openblas", "mathnet"];

    /// <summary>The property that selects a backend, in errors.</summary>
    public static readonly PropertyName BackendName = new(nameof(Blas), "Backend");

    /// <summary>Creates the backend called <paramref name="name"/>.</summary>
    /// <exception cref="BadInputException">No backend has the name, or its native library is missing.</exception>
    public static IBlas Create(string name) => name switch
    {
        "simd" => new SimdBlas(),
        "openblas" => OpenBlas.Load(),
        "mathnet" => new MathNetBlas(),
        _ => throw new BadInputException(
            BackendName, $"{BackendName} {name}: there is no such backend; use one of {string.Join(", ", Names)}."),
    };
}
