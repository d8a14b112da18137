using System.Collections.Immutable;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// Searches the checkpoints of a directory for the newest that is whole, is of the step in its name, and belongs to the
/// run: to the specification asked for, if any, and to the run that the other checkpoints belong to.
/// </summary>
internal sealed class CheckpointSearch
{
    private readonly string _directory;
    private readonly ImmutableArray<StoredCheckpoint> _stored;
    private readonly RunSpec? _spec;
    private readonly string? _runId;
    private RunSpecDifference? _difference;

    /// <summary>Prepares a search.</summary>
    /// <param name="directory">The run directory.</param>
    /// <param name="stored">Its checkpoints, the oldest first.</param>
    /// <param name="spec">The specification they must have; null: any.</param>
    /// <exception cref="BadInputException">The directory holds checkpoints of several runs, or of a newer program.</exception>
    public CheckpointSearch(string directory, ImmutableArray<StoredCheckpoint> stored, RunSpec? spec)
    {
        _directory = directory;
        _stored = stored;
        _spec = spec;
        _runId = RunId();
    }

    /// <summary>Finds the newest checkpoint that can be used.</summary>
    /// <exception cref="BadInputException">There is none, or a newer program wrote one.</exception>
    public ResumePoint Find()
    {
        var rejected = ImmutableArray.CreateBuilder<RejectedCheckpoint>();
        for (int i = _stored.Length - 1; i >= 0; i--)
        {
            if (Examine(_stored[i], out string reason) is var (file, position))
            {
                return new(_directory, file, position, _stored, rejected.ToImmutable())
                {
                    Checkpoints = [.. _stored.Take(i + 1).Where(MayBeOfThisRun).Select(checkpoint => checkpoint.Path)],
                };
            }

            rejected.Add(new(_stored[i].Path, reason));
        }

        throw new BadInputException(_difference is { } difference
            ? $"{_directory}: this is not the same run: {Text(difference)}"
            : $"{_directory}: none of its checkpoints can be used: {string.Join("; ", rejected.Select(checkpoint => checkpoint.Reason))}");
    }

    // Runs of equal specifications still differ if they began with different parameters. Damaged files do not count.
    private string? RunId()
    {
        StoredCheckpoint[] candidates =
        [
            .. _stored.Where(checkpoint =>
                checkpoint.Header is { } header && header.Step == checkpoint.Step && DifferenceOf(header) is null),
        ];
        if (candidates.DistinctBy(checkpoint => checkpoint.Header!.RunId).Count() < 2)
        {
            return null;
        }

        (string Id, int Count, string Path)[] runs =
        [
            .. candidates
                .Where(checkpoint => Examine(checkpoint, out _) is not null)
                .GroupBy(checkpoint => checkpoint.Header!.RunId)
                .Select(run => (run.Key, run.Count(), run.First().Path))
                .OrderByDescending(run => run.Item2),
        ];
        return runs switch
        {
            [] => null,
            [var first, var second, ..] when first.Count == second.Count => throw new BadInputException(
                $"{_directory}: holds checkpoints of two runs, and as many of each: move one of {first.Path} and {second.Path} elsewhere"),
            [var first, ..] => first.Id,
        };
    }

    // A checkpoint that cannot be read counts as one of this run: it may be deleted once there are newer ones.
    private bool MayBeOfThisRun(StoredCheckpoint checkpoint) =>
        checkpoint.Header is not { } header || (DifferenceOf(header) is null && (_runId is null || header.RunId == _runId));

    /// <summary>Reads a whole checkpoint; null, and the reason, if the run cannot resume from it.</summary>
    /// <exception cref="BadInputException">It is whole, and a newer program wrote it.</exception>
    private (SafeTensorsFile File, CheckpointPosition Position)? Examine(StoredCheckpoint checkpoint, out string reason)
    {
        SafeTensorsFile? file = null;
        try
        {
            file = SafeTensorsFile.Read(checkpoint.Path, requireDigest: true);
            CheckpointPosition position = Checkpoint.PositionOf(file);
            reason = Misfit(checkpoint, position) is { } misfit ? $"{checkpoint.Path}: {misfit}" : string.Empty;
            if (reason.Length > 0)
            {
                return null;
            }

            if (_spec is not null)
            {
                RequireTensors(file, _spec);
            }

            return (file, position);
        }
        catch (BadInputException e) when (file is null || !FormatVersion.IsNewer(file.Metadata))
        {
            reason = e.Message;
            return null;
        }
    }

    private string? Misfit(StoredCheckpoint checkpoint, CheckpointPosition position)
    {
        if (position.Step != checkpoint.Step)
        {
            return $"is of step {position.Step}, which is not that of its name";
        }

        if (DifferenceOf(position) is { } difference)
        {
            _difference ??= difference;
            return $"is of another run: {Text(difference)}";
        }

        return _runId is not null && position.RunId != _runId
            ? $"is of another run with the same specification: its id is {position.RunId}, that of the others {_runId}"
            : null;
    }

    /// <summary>The first property that makes a checkpoint one of another run; null if there is none.</summary>
    private RunSpecDifference? DifferenceOf(CheckpointPosition position)
    {
        if (_spec is null)
        {
            return null;
        }

        try
        {
            var spec = RunSpecJson.Parse(position.RunSpec, _directory);
            return RunSpecDifference.Between(_spec, spec) is [var first, ..] ? first : null;
        }
        catch (BadInputException)
        {
            return new("runSpec", _spec.ToJson(), position.RunSpec);
        }
    }

    private static string Text(RunSpecDifference difference) =>
        $"its {difference.Property} is {difference.Other}, and {difference.Value} is asked for";

    private static void RequireTensors(SafeTensorsFile file, RunSpec spec) =>
        Checkpoint.RequireTensors(file, ParameterLayout.For(spec.Model), OptimizerFactory.Create(spec.Optimizer.Resolve()).StateNames);
}
