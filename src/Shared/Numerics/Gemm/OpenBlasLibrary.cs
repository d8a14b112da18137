using System.Runtime.InteropServices;

namespace NnCluster.Numerics;

/// <summary>Search for the OpenBLAS library.</summary>
internal static class OpenBlasLibrary
{
    /// <summary>Environment variable with the path of the library's file.</summary>
    public const string PathVariable = "NNCLUSTER_OPENBLAS";

    private static readonly string[] Names =
        ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "openblas.dll", "libopenblas.dll"];

    private static readonly string[] HomebrewPaths =
        ["/opt/homebrew/opt/openblas/lib/libopenblas.dylib", "/usr/local/opt/openblas/lib/libopenblas.dylib"];

    /// <summary>Loads the file that <see cref="PathVariable"/> names, or else the first of the usual names that loads.</summary>
    public static bool TryFind(out nint library, out string reason)
    {
        reason = "";
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path)
        {
            if (NativeLibrary.TryLoad(path, out library))
            {
                return true;
            }

            reason = $"the library {path}, which {PathVariable} names, does not load";
            return false;
        }

        foreach (string name in (IEnumerable<string>)[.. Names, .. OperatingSystem.IsMacOS() ? HomebrewPaths : []])
        {
            if (NativeLibrary.TryLoad(name, typeof(OpenBlasLibrary).Assembly, null, out library))
            {
                return true;
            }
        }

        library = 0;
        reason = $"no OpenBLAS library was found (looked for {string.Join(", ", Names)})";
        return false;
    }
}
