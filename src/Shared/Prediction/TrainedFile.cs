using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Prediction;

/// <summary>Finds and reads the file with the model of a run.</summary>
internal static class TrainedFile
{
    /// <summary>Reads a file, or the model of a run directory: its model file, else its newest checkpoint that is not damaged.</summary>
    /// <exception cref="BadInputException">There is none, it cannot be read, or a newer program wrote it.</exception>
    public static SafeTensorsFile Read(string runOrFile)
    {
        if (!Directory.Exists(runOrFile))
        {
            return ModelFile.Open(runOrFile);
        }

        string model = new RunPaths(runOrFile).Model;
        return File.Exists(model) ? ModelFile.Open(model) : ResumePoint.Find(runOrFile).File;
    }
}
