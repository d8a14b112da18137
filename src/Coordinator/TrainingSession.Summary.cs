using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Results of the run.</summary>
internal sealed partial class TrainingSession
{
    private ModelMetrics? Score(RunOutcome outcome)
    {
        if (outcome.Failure is not null)
        {
            return null;
        }

        using var predictor = new Predictor(_request.Spec.Model, ModelState, _request.Blas);
        return ModelScore.Of(predictor, _request.Data.Test, _request.Data);
    }

    private RunSummary Summarise(RunReport report)
    {
        double seconds = report.Final.TrainTime.TotalSeconds;
        long steps = _resources.State.Step;
        BestEvaluation? best = _resources.State.KeptState is null ? null : report.Final.Selection.Best;
        EvaluationResult? test = best?.Test ?? report.LastEpoch?.Test;
        long images = (steps - (_resumed?.Step ?? 0)) * _request.Spec.BatchSize;
        return new()
        {
            TestAccuracy = test?.Accuracy ?? double.NaN,
            TestLoss = test?.Loss ?? double.NaN,
            TrainLoss = report.LastEpoch?.TrainLoss ?? double.NaN,
            Metrics = Score(report.Outcome)?.ToJson(),
            ValidationAccuracy = (best?.Validation ?? report.LastEpoch?.Validation)?.Accuracy,
            BestEpoch = best?.Epoch,
            BestStep = best?.Step,
            Epochs = report.Final.Epochs,
            Steps = steps,
            TrainedRows = steps * _request.Spec.BatchSize,
            EpochRows = _request.Spec.PlanFor(_request.Data).EpochRows,
            Images = images,
            TrainSeconds = seconds,
            TotalSeconds = _time.GetElapsedTime(_preparedAt).TotalSeconds,
            ImagesPerSecond = seconds > 0 ? images / seconds : 0,
            WeightsSha256 = _resources.Layout.Sha256(ModelState),
            Parameters = _resources.Layout.ParameterCount,
            Workers = _request.Workers + report.RemoteWorkers,
            Shards = _request.Spec.Shards,
            Blas = _request.Blas.Name,
            Seed = _request.Spec.Seed,
            ReassignedShards = report.Final.ReassignedShards,
            WorkersLost = report.Final.WorkersLost,
            ResumedFromStep = _resumed?.Step,
            RunDirectory = Path,
        };
    }
}
