using NnCluster.Persistence;

namespace NnCluster.Cli.Commands;

/// <summary>The trained state that a command was asked to use.</summary>
internal static class TrainedRun
{
    /// <summary>Opens a file, or the newest complete state of a run directory. Standard error names a checkpoint that is used in place of a
    /// result.</summary>
    /// <param name="runOrFile">Run directory, or a model or checkpoint file.</param>
    /// <exception cref="BadInputException">There is none, it cannot be read, or a newer program wrote it.</exception>
    public static SafeTensorsFile Open(string runOrFile)
    {
        SafeTensorsFile file = TrainedFile.Read(runOrFile);
        string name = Path.GetFileName(file.Path);
        if (Directory.Exists(runOrFile) && name != RunPaths.ModelName)
        {
            Console.Error.WriteLine($"{runOrFile}: the run has no result yet; {name} is used, the state after step {TrainedFile.StepOf(file)}");
        }

        return file;
    }
}
