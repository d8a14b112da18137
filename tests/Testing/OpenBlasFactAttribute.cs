using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Testing;

/// <summary>A test that needs the native OpenBLAS; skipped where it is not installed, saying so.</summary>
public sealed class OpenBlasFactAttribute : FactAttribute
{
    public OpenBlasFactAttribute()
    {
        if (!OpenBlas.TryLoad(out _, out string reason))
        {
            Skip = reason;
        }
    }
}
