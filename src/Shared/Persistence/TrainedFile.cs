using System.Globalization;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Reads and writes the file with the model of a run.</summary>
internal static class TrainedFile
{
    /// <summary>The metadata entry with the specification of the run as JSON.</summary>
    public const string RunSpecKey = "runSpec";

    /// <summary>The metadata entry with the step after which the state was the run's.</summary>
    public const string StepKey = "step";

    /// <summary>Reads a file, or the model of a run directory: its model file, else its newest checkpoint that is not damaged.</summary>
    /// <exception cref="BadInputException">There is none, it cannot be read, or a newer program wrote it.</exception>
    public static SafeTensorsFile Read(string runOrFile)
    {
        if (!Directory.Exists(runOrFile))
        {
            return ModelFile.Open(runOrFile);
        }

        var paths = new RunPaths(runOrFile);
        return File.Exists(paths.Model) ? ModelFile.Open(paths.Model) : NewestCheckpoint(paths);
    }

    /// <summary>Step of the run after which a model or a checkpoint was written; null if its file does not say so.</summary>
    public static long? StepOf(SafeTensorsFile file) =>
        file.Metadata.TryGetValue(StepKey, out string? step)
        && long.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>Writes a model state with the specifications of its model and its run.</summary>
    /// <param name="path">The file, replaced at once when it is complete.</param>
    /// <param name="spec">The run.</param>
    /// <param name="preparation">Preparation of a table's rows; null: none.</param>
    /// <param name="origin">Further facts about the data.</param>
    /// <param name="state">Parameters and running statistics.</param>
    /// <param name="step">Step after which the run had this state.</param>
    public static void Write(string path, RunSpec spec, Preparation? preparation, ModelOrigin origin, AlignedBuffer state, long step)
    {
        var metadata = new Dictionary<string, string>
        {
            [ModelOrigin.DatasetKey] = spec.Dataset,
            [RunSpecKey] = spec.ToJson(),
            [StepKey] = step.ToString(CultureInfo.InvariantCulture),
        };
        origin.AddTo(metadata);
        if (preparation is not null)
        {
            metadata[ModelFile.PreparationKey] = preparation.ToJson();
        }

        ModelFile.Write(path, ParameterLayout.For(spec.Model).Tensors, state, spec.Model.ToJson(), metadata);
    }

    /// <summary>
    /// Writes the model of a model file or a checkpoint as a model file: without the optimizer state and the position of the run.
    /// </summary>
    /// <returns>SHA-256 of the model state.</returns>
    /// <exception cref="BadInputException">The file holds no model of this program, or lacks a tensor of it.</exception>
    public static string WriteModelOf(SafeTensorsFile file, string path)
    {
        string json = ModelFile.RequireModelSpec(file);
        var layout = ParameterLayout.For(ModelSpec.Parse(json, file.Path));
        using var state = new AlignedBuffer(layout.StateLength);
        ModelFile.CopyTo(file, layout.Tensors, state.Span);
        var metadata = file.Metadata
            .Where(entry => entry.Key != SafeTensors.DigestKey && !Checkpoint.PositionKeys.Contains(entry.Key))
            .ToDictionary();
        if (ModelOrigin.Of(file).Dataset is { } dataset)
        {
            metadata[ModelOrigin.DatasetKey] = dataset;
        }

        ModelFile.Write(path, layout.Tensors, state, json, metadata);
        return layout.Sha256(state.Span);
    }

    /// <summary>Specification of the run that made a model; null if its file does not have it.</summary>
    /// <exception cref="BadInputException">The entry is not a run's specification.</exception>
    public static RunSpec? RunSpecOf(SafeTensorsFile file) =>
        file.Metadata.TryGetValue(RunSpecKey, out string? spec) ? RunSpecJson.Parse(spec, file.Path) : null;

    private static SafeTensorsFile NewestCheckpoint(RunPaths paths)
    {
        ResumePoint.RequireCheckpoint(paths.Directory);
        var reasons = new List<string>();
        foreach ((string path, _) in paths.Checkpoints().Reverse())
        {
            SafeTensorsFile file;
            try
            {
                file = SafeTensorsFile.Read(path, requireDigest: true);
            }
            catch (BadInputException e)
            {
                reasons.Add(e.Message);
                continue;
            }

            FormatVersion.RequireTensors(path, file.Metadata);
            return file;
        }

        throw new BadInputException($"{paths.Directory}: none of its checkpoints can be used: {string.Join("; ", reasons)}");
    }
}
