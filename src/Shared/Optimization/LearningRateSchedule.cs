using NnCluster.Numerics;

namespace NnCluster.Optimization;

/// <summary>
/// The learning rate as a pure function of the step. Agrees with PyTorch's schedulers that are stepped once after every
/// optimizer step.
/// </summary>
/// <param name="Kind">Curve of the learning rate.</param>
/// <param name="Peak">Learning rate of the specification.</param>
/// <param name="TotalSteps">Steps of the whole run; later steps keep the rate of the last one.</param>
public sealed record LearningRateSchedule(ScheduleKind Kind, double Peak, long TotalSteps)
{
    // PyTorch's OneCycleLR(pct_start, div_factor, final_div_factor) with cosine annealing and two phases.
    private const double WarmUpFraction = 0.3;
    private const double InitialDivisor = 25;
    private const double FinalDivisor = 1e4;

    // He et al. 2016 divide by 10 at one half and at three quarters of the iterations.
    private const double StepFactor = 0.1;

    /// <summary>The learning rate of step <paramref name="step"/>, counted from 1.</summary>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        long done = Math.Min(step - 1, TotalSteps - 1);
        return Kind switch
        {
            ScheduleKind.Constant => Peak,
            ScheduleKind.Step => Peak * (2 * done < TotalSteps ? 1 : 4 * done < 3 * TotalSteps ? StepFactor : StepFactor * StepFactor),
            ScheduleKind.Cosine => Anneal(Peak, 0, (double)done / TotalSteps),
            ScheduleKind.OneCycle => OneCycle(done),
            _ => throw new InvalidOperationException($"Unknown schedule {Kind}."),
        };
    }

    private double OneCycle(long done)
    {
        double initial = Peak / InitialDivisor;
        double warmUpEnd = (WarmUpFraction * TotalSteps) - 1;
        return done <= warmUpEnd
            ? Anneal(initial, Peak, done / warmUpEnd)
            : Anneal(Peak, initial / FinalDivisor, (done - warmUpEnd) / (TotalSteps - 1 - warmUpEnd));
    }

    private static double Anneal(double start, double end, double fraction) =>
        end + ((start - end) / 2 * (1 + PortableMath.CosPi(fraction)));
}
