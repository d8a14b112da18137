using System.Collections.Immutable;
using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// Looks through the checkpoints of a directory for the newest that is whole, stands where its name says, and belongs to
/// the run: to the options asked for, where there are any, and to the run that the other checkpoints belong to.
/// </summary>
internal sealed class CheckpointSearch
{
    private readonly string _directory;
    private readonly ImmutableArray<StoredCheckpoint> _stored;
    private readonly TrainRequest? _request;
    private readonly string? _runSpec;
    private readonly string? _runId;
    private CheckpointPosition? _ofOtherOptions;

    /// <summary>Prepares a search.</summary>
    /// <param name="directory">The run directory.</param>
    /// <param name="stored">Its checkpoints.</param>
    /// <param name="request">The run they must belong to; null: any.</param>
    /// <exception cref="BadInputException">Which run the directory holds cannot be told.</exception>
    public CheckpointSearch(string directory, ImmutableArray<StoredCheckpoint> stored, TrainRequest? request)
    {
        _directory = directory;
        _stored = stored;
        _request = request;
        _runSpec = request?.Spec.ToJson();
        _runId = RunId();
    }

    /// <summary>The newest that can be used.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
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

        if (_ofOtherOptions is { } earlier)
        {
            throw new BadInputException($"--resume {_directory}: this is not the same run: {Difference(earlier)
                ?? "only options that change no bit may be given with --resume: --workers, --checkpoint-every, --stop-after, --evaluate-every, --target-accuracy"}.");
        }

        throw new BadInputException($"--resume {_directory}: none of its checkpoints can be used: {string.Join("; ", rejected.Select(checkpoint => checkpoint.Reason))}");
    }

    // Runs of the same options may still differ, by what they began with. Damaged files have no say in it.
    private string? RunId()
    {
        StoredCheckpoint[] candidates = [.. _stored.Where(checkpoint => checkpoint.Header is { } header && header.Step == checkpoint.Step && HasOptions(header))];
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
                $"--resume {_directory}: holds checkpoints of two runs, and which is meant cannot be told: move one of {first.Path} and {second.Path} elsewhere."),
            [var first, ..] => first.Id,
        };
    }

    private bool HasOptions(CheckpointPosition position) => _runSpec is null || position.RunSpec == _runSpec;

    // What may be deleted when there are newer ones; a file that cannot be read is one that this run left.
    private bool MayBeOfThisRun(StoredCheckpoint checkpoint) =>
        checkpoint.Header is not { } header || (HasOptions(header) && (_runId is null || header.RunId == _runId));

    /// <summary>Reads a whole checkpoint; null, and why, if it cannot be gone on from.</summary>
    private (SafeTensorsFile File, CheckpointPosition Position)? Examine(StoredCheckpoint checkpoint, out string reason)
    {
        try
        {
            (SafeTensorsFile file, CheckpointPosition position) = Checkpoint.Read(checkpoint.Path);
            reason = Misfit(checkpoint, position) is { } misfit ? $"{checkpoint.Path}: {misfit}" : string.Empty;
            if (reason.Length > 0)
            {
                return null;
            }

            if (_request is not null)
            {
                RequireTensors(file, _request);
            }

            return (file, position);
        }
        catch (BadInputException e)
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

        if (!HasOptions(position))
        {
            _ofOtherOptions ??= position;
            return $"is of another run: {Difference(position) ?? "its options differ"}";
        }

        return _runId is not null && position.RunId != _runId
            ? $"is of another run with the same options: its identity is {position.RunId}, that of the others {_runId}"
            : null;
    }

    /// <summary>What other than an option makes a checkpoint one of another run.</summary>
    private string? Difference(CheckpointPosition position)
    {
        RunSpec earlier = RunSpecJson.Parse(position.RunSpec, _directory);
        return _request!.Spec.Arithmetic != earlier.Arithmetic
            ? $"it was computed with {earlier.Arithmetic}, this is {_request.Spec.Arithmetic}"
            : _request.Spec.DatasetSha256 != earlier.DatasetSha256 ? "its data set has other contents" : null;
    }

    private static void RequireTensors(SafeTensorsFile file, TrainRequest request)
    {
        ParameterLayout layout = ParameterLayout.For(request.Spec.Model);
        var optimizer = Optimizer.Create(
            request.Spec.Optimizer, [.. layout.Tensors.OrderBy(tensor => tensor.Offset)], layout.StateLength, request.Settings.TotalSteps);
        Checkpoint.RequireTensors(file, layout, optimizer.StateNames);
    }
}
