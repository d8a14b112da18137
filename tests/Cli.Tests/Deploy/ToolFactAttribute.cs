using System.ComponentModel;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>A test that needs a program of the system; skipped where asking it fails, saying so.</summary>
public sealed class ToolFactAttribute : FactAttribute
{
    /// <summary>Asks for the program.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="question">Arguments with which it ends well where all that is needed is there.</param>
    public ToolFactAttribute(string program, params string[] question)
    {
        try
        {
            ProcessResult answer = Tool.Run(program, question);
            Skip = answer.ExitCode == 0 ? null : $"needs '{program} {string.Join(' ', question)}' to work";
        }
        catch (Win32Exception)
        {
            Skip = $"needs {program}";
        }
    }
}
