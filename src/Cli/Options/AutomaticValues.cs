using System.Globalization;
using System.Numerics;
using NnCluster.Data;
using NnCluster.Optimization;

namespace NnCluster.Cli.Options;

/// <summary>Values of options that follow from the size of the data, where neither the command line nor a preset has them.</summary>
/// <param name="BatchSize">Rows of a minibatch.</param>
/// <param name="Epochs">Passes over the training rows.</param>
/// <param name="L2">Penalty on the squares of the weights.</param>
internal sealed record AutomaticValues(int BatchSize, int Epochs, double L2)
{
    private const int MostSteps = 4000;
    private const int BatchesPerEpoch = 40;

    /// <summary>Neurons of each hidden layer.</summary>
    public static int[] Hidden => [128];

    /// <summary>Learning rate, the peak of the schedule.</summary>
    public static double LearningRate => 0.005;

    /// <summary>Schedule of the learning rate.</summary>
    public static ScheduleKind Schedule => ScheduleKind.OneCycle;

    /// <summary>
    /// About 40 minibatches an epoch, of 16 to 512 rows, and epochs for about 4000 steps, from 3 to 100: many passes over few rows, and few
    /// over many. The penalty is 10 ÷ rows, from 1e-5 to 0.03, with one digit: few rows say little about a weight.
    /// </summary>
    public static AutomaticValues For(Dataset data)
    {
        int rows = data.Train.Rows;
        int batch = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)(rows / BatchesPerEpoch)), 16, 512);
        batch = Math.Min(batch, rows);
        double l2 = Math.Clamp(10.0 / rows, 1e-5, 0.03);
        return new(
            batch,
            (int)Math.Clamp((long)MostSteps * batch / rows, 3, 100),
            double.Parse(l2.ToString("G1", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
    }
}
