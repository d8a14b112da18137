using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Files of one run: its directory with metrics, events, checkpoints, model, figure and summary.</summary>
internal sealed class RunArtifacts : IDisposable
{
    private readonly RunDirectory _directory;
    private readonly TrainingState _state;
    private (long Step, string Path)? _newestCheckpoint;

    private RunArtifacts(RunDirectory directory, CheckpointWriter checkpoints, TrainingState state, ResumePoint? resume)
    {
        _directory = directory;
        Checkpoints = checkpoints;
        _state = state;
        _newestCheckpoint = resume is null ? null : (resume.Position.Step, resume.File.Path);
    }

    /// <summary>The directory, absolute.</summary>
    public string Path => _directory.Path;

    /// <summary>Writer of the checkpoints.</summary>
    public CheckpointWriter Checkpoints { get; }

    /// <summary>Observer that writes metrics and events.</summary>
    public IRunObserver Observer => _directory;

    /// <summary>Gets or sets the receiver of log lines about files that cannot be written.</summary>
    public Action<string>? Log
    {
        get => _directory.Trouble;
        set => _directory.Trouble = value;
    }

    /// <summary>Creates the directory of a new run, or opens that of a run to resume.</summary>
    /// <param name="request">The run.</param>
    /// <param name="resume">Checkpoint that the run resumes from; null for a new run.</param>
    /// <param name="identity">Run id and term.</param>
    /// <param name="resources">The run's state.</param>
    /// <param name="time">Clock of the directory's name.</param>
    /// <exception cref="RunDirectoryException">The directory cannot be written.</exception>
    public static RunArtifacts Open(
        TrainRequest request, ResumePoint? resume, RunIdentity identity, RunResources resources, TimeProvider time)
    {
        RunDirectory directory = OpenDirectory(request, resume, time);
        var origin = new CheckpointPosition(identity.RunId, 0, identity.Term, request.Spec.ToJson(), request.Spec.Model.ToJson())
        {
            Preparation = request.Data.Preparation?.ToJson(),
            Origin = ModelOrigin.Of(request.Data),
        };
        // Flush metrics before each checkpoint: a resumed run must have no gap.
        var checkpoints = new CheckpointWriter(
            resources.Layout, origin, directory.Paths.Checkpoint, resume?.Checkpoints ?? [], before: directory.Flush);
        return new(directory, checkpoints, resources.State, resume);
    }

    /// <summary>
    /// Writes a checkpoint that holds the term. A cluster's term must be on disk before any node learns of it, and a
    /// coordinator that is killed early must find a checkpoint.
    /// </summary>
    /// <param name="selection">Best evaluation of earlier terms; null for a new run.</param>
    /// <exception cref="RunDirectoryException">The checkpoint cannot be written.</exception>
    public async Task StoreTermAsync(SelectionState? selection) =>
        _newestCheckpoint = await Checkpoints.WriteAsync(_state, selection).ConfigureAwait(false) switch
        {
            CheckpointStored stored => (stored.Step, stored.Path),
            CheckpointNotStored failed =>
                throw new RunDirectoryException(_directory.Paths.Checkpoint(_state.Step), new IOException(failed.Reason)),
            var other => throw new InvalidOperationException($"The first checkpoint ended as {other}."),
        };

    /// <summary>
    /// The outcome of a run, given its files. A run that was interrupted, and whose last step is in no checkpoint even after
    /// a second attempt, has failed: a resumed run would compute steps again.
    /// </summary>
    /// <param name="report">Result of the run.</param>
    /// <param name="publish">Receives the event of the second attempt.</param>
    public async Task<RunOutcome> SettleAsync(RunReport report, Action<RunEvent> publish)
    {
        if (report.LastCheckpoint is { } last)
        {
            _newestCheckpoint = (last.Step, last.Path);
        }

        if (!report.Outcome.Interrupted || _newestCheckpoint?.Step == _state.Step)
        {
            return report.Outcome;
        }

        switch (await Checkpoints.WriteAsync(_state, report.Final.Selection).ConfigureAwait(false))
        {
            case CheckpointStored stored:
                publish(new CheckpointWritten(stored.Step, stored.Path));
                return report.Outcome;
            case CheckpointNotStored failed:
                publish(new CheckpointFailed(failed.Step, failed.Reason));
                string earlier = _newestCheckpoint is { } newest
                    ? $"the run can resume from {System.IO.Path.GetFileName(newest.Path)}"
                    : "there is no earlier one";
                return RunOutcome.Failed(
                    RunFailureCause.FileNotWritten,
                    $"interrupted after step {_state.Step}, whose checkpoint could not be written ({failed.Reason}); {earlier}");
            case var other:
                throw new InvalidOperationException($"The last checkpoint ended as {other}.");
        }
    }

    /// <summary>
    /// Writes the model, the figure and the summary. A failed run gets none of them: its last checkpoint is its last good
    /// state.
    /// </summary>
    /// <param name="request">The run.</param>
    /// <param name="outcome">Outcome of the run.</param>
    /// <param name="summary">Results of the run.</param>
    /// <param name="drawCurves">Draws a figure from the run's name and history into a file; null: none is drawn.</param>
    /// <exception cref="RunDirectoryException">A file cannot be written.</exception>
    public void WriteResults(TrainRequest request, RunOutcome outcome, RunSummary summary, Action<string, RunHistory, string>? drawCurves)
    {
        _directory.Flush();
        if (outcome.Failure is not null)
        {
            return;
        }

        RunPaths paths = _directory.Paths;
        var origin = ModelOrigin.Of(request.Data);
        RunDirectoryException.Guard(
            paths.Model,
            () => TrainedFile.Write(
                paths.Model, request.Spec, request.Data.Preparation, origin, _state.Result.Memory, summary.BestStep ?? summary.Steps));
        TryWriteOnnx(paths.Onnx, request, origin);
        if (drawCurves is not null)
        {
            string name = System.IO.Path.GetFileName(Path);
            RunDirectoryException.Guard(paths.Curves, () => drawCurves(name, RunHistory.Read(paths.Metrics), paths.Curves));
        }

        _directory.WriteSummary(summary);
    }

    /// <summary>Steps in the metrics since the evaluation before the state's own step; none for a new run.</summary>
    public IReadOnlyList<StepPoint> StepsSinceEvaluation()
    {
        if (_state.Step == 0)
        {
            return [];
        }

        RunHistory history;
        try
        {
            history = RunHistory.Read(_directory.Paths.Metrics);
        }
        catch (BadInputException unreadable)
        {
            // They only serve a mean that is displayed.
            Log?.Invoke($"the training loss of this epoch counts from here on: {unreadable.Message}");
            return [];
        }

        long evaluated = history.Epochs.LastOrDefault(epoch => epoch.Step < _state.Step)?.Step ?? 0;
        return [.. history.Steps.Where(step => step.Step > evaluated && step.Step <= _state.Step)];
    }

    /// <summary>Waits until all events are in the files.</summary>
    /// <exception cref="RunDirectoryException">Some could not be written.</exception>
    public void Flush() => _directory.Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
        Checkpoints.Dispose();
        _directory.Dispose();
    }

    /// <summary>Writes the model as ONNX. The run does not depend on it: an error becomes a log line.</summary>
    private void TryWriteOnnx(string path, TrainRequest request, ModelOrigin origin)
    {
        try
        {
            RunDirectoryException.Guard(path, () => OnnxFile.Write(
                path, new(request.Spec.Model, _state.Result.Span, request.Data.Preparation, origin)));
        }
        catch (Exception error) when (error is BadInputException or RunDirectoryException)
        {
            Log?.Invoke($"{RunPaths.OnnxName} was not written: {error.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static RunDirectory OpenDirectory(TrainRequest request, ResumePoint? resume, TimeProvider time)
    {
        if (resume is not null)
        {
            var resumed = RunDirectory.Resume(resume.Directory, resume.Position.Step, resume.SetRejectedAside);
            try
            {
                resumed.UpdateConfig(request.Config, "dataset", "dataDir");
                return resumed;
            }
            catch
            {
                resumed.Dispose();
                throw;
            }
        }

        RunDirectory directory = request.Out is { } path
            ? RunDirectory.CreateAt(path)
            : RunDirectory.Create("runs", request.Spec.Dataset, time);
        directory.WriteConfig(request.Config);
        return directory;
    }
}

/// <summary>Identity of a run and of this coordinator.</summary>
/// <param name="RunId">Id of the run; a resumed run keeps it.</param>
/// <param name="Term">Fencing number of this coordinator: above that of every earlier coordinator of the run.</param>
internal sealed record RunIdentity(string RunId, long Term);
