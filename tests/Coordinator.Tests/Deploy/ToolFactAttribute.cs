using System.ComponentModel;

namespace NnCluster.Coordinator.Tests.Deploy;

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
