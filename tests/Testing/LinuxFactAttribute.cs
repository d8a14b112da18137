using NnCluster.Training;

namespace NnCluster.Testing;

/// <summary>A test of something that only Linux has.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    /// <summary>Skips the test elsewhere.</summary>
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>A test, with several inputs, of something that only Linux has.</summary>
public sealed class LinuxTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the test elsewhere.</summary>
    public LinuxTheoryAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}
