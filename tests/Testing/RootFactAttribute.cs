using NnCluster.Training;

namespace NnCluster.Testing;

/// <summary>A test that mounts or makes network namespaces, which only root may; skipped for others, saying so.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            Skip = "needs root on Linux";
        }
    }
}
