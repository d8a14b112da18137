using NnCluster.Data;
using NnCluster.Model;

namespace NnCluster.Prediction;

/// <summary>Measures a model on rows with known answers, beside a baseline.</summary>
internal static class ModelScore
{
    private const int RowsAtOnce = 1024;

    /// <summary>
    /// Metrics of a model. Threads compute the outputs, each of which depends on its row alone; the metrics are sums in the order of the
    /// rows: no number of threads or workers changes a bit.
    /// </summary>
    /// <param name="predictor">The model.</param>
    /// <param name="rows">Rows of its data set.</param>
    /// <param name="data">The data set: names of the classes, preparation, and training rows for the baseline.</param>
    /// <returns>Null if there is no row, no training row is known, or a row has several targets.</returns>
    public static ModelMetrics? Of(Predictor predictor, DataSplit rows, Dataset data)
    {
        bool isBaselineKnown = data.Preparation is not null || data.Train.Rows > 0;
        if (rows.Rows == 0 || !isBaselineKnown || data.Targets > 1)
        {
            return null;
        }

        float[] outputs = Outputs(predictor, rows);
        if (data.Classes == 0)
        {
            return OfTargets(outputs, rows.Targets, data);
        }

        ClassificationBaseline baseline = data.Preparation is { } preparation
            ? ClassificationBaseline.Of(preparation.ClassRows, data.ClassNames)
            : ClassificationBaseline.Of(data.Train.Labels, data.ClassNames);
        return ModelMetrics.Of(ClassificationMetrics.Of(outputs, rows.Labels, data.ClassNames), baseline.Evaluate(rows.Labels));
    }

    private static ModelMetrics OfTargets(float[] outputs, ReadOnlySpan<float> expected, Dataset data)
    {
        Preparation unit = data.Preparation ?? new() { Task = ModelTask.Regression, Target = "", Columns = [] };
        double[] predictions = Array.ConvertAll(outputs, unit.ToTarget);
        double[] targets = Array.ConvertAll(expected.ToArray(), unit.ToTarget);
        RegressionBaseline baseline = data.Preparation is { } preparation
            ? new(preparation.BaselineTarget)
            : RegressionBaseline.Of(Array.ConvertAll(data.Train.Targets.ToArray(), unit.ToTarget));
        return ModelMetrics.Of(RegressionMetrics.Of(predictions, targets), baseline.Evaluate(targets));
    }

    private static float[] Outputs(Predictor predictor, DataSplit rows)
    {
        float[] outputs = new float[checked(rows.Rows * predictor.Outputs)];
        Parallel.For(0, (rows.Rows + RowsAtOnce - 1) / RowsAtOnce, part =>
        {
            int first = part * RowsAtOnce;
            int count = Math.Min(RowsAtOnce, rows.Rows - first);
            float[] features = new float[count * predictor.Inputs];
            rows.Copy(first, count, features);
            predictor.Predict(features, count, outputs.AsSpan(first * predictor.Outputs, count * predictor.Outputs));
        });
        return outputs;
    }
}
