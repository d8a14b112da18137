using System.Reflection;

namespace NnCluster.Cli.Launching;

/// <summary>Command lines of the programs that are installed beside this one.</summary>
internal static class ProgramPath
{
    /// <summary>The executable of a program; if <c>dotnet</c> runs this program, <c>dotnet</c> and the assembly.</summary>
    /// <exception cref="BadInputException">The program is not installed.</exception>
    public static string[] Of(string program)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, program + ".dll");
        string executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? program + ".exe" : program);
        string running = Environment.ProcessPath ?? "";
        bool underHost = Path.GetFileNameWithoutExtension(running) == "dotnet";
        return underHost && File.Exists(assembly) ? [running, assembly]
            : File.Exists(executable) ? [executable]
            : throw new BadInputException(
                $"{program} is not installed beside {Assembly.GetEntryAssembly()?.GetName().Name} in {AppContext.BaseDirectory}");
    }
}
