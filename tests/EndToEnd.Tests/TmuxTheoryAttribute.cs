namespace NnCluster.EndToEnd.Tests;

/// <summary>A theory that needs tmux; skipped where it is missing, saying so.</summary>
public sealed class TmuxTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the test where it cannot run.</summary>
    public TmuxTheoryAttribute() => Skip = IsInstalled ? null : "needs tmux";

    /// <summary>Whether tmux is installed.</summary>
    internal static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(directory => File.Exists(Path.Combine(directory, "tmux")));
}
