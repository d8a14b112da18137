using System.Reflection;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Launching;

/// <summary>How to start the programs that lie beside this one.</summary>
internal static class ProgramPath
{
    /// <summary>The command line that starts <paramref name="program"/>: its own executable, or its assembly under the host that runs this one.</summary>
    public static string[] Of(string program)
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, program + ".dll");
        string executable = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? program + ".exe" : program);
        string running = Environment.ProcessPath ?? "";
        bool underHost = Path.GetFileNameWithoutExtension(running) == "dotnet";
        return underHost && File.Exists(assembly) ? [running, assembly]
            : File.Exists(executable) ? [executable]
            : throw new BadInputException($"{program} does not lie beside {Assembly.GetEntryAssembly()?.GetName().Name} in {AppContext.BaseDirectory}");
    }
}
