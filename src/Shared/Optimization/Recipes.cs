namespace NnCluster.Optimization;

/// <summary>The famous optimizers as chains of transforms.</summary>
internal static class Recipes
{
    /// <summary>The chain of a resolved specification.</summary>
    public static Sweep Chain(OptimizerSpec spec) => spec.Kind switch
    {
        OptimizerKind.Adam => Clipped<Then<ScaleByAdam, ScaleByLearningRate>>(spec),
        OptimizerKind.AdamW => Clipped<Then<ScaleByAdam, Then<AddDecayedWeights, ScaleByLearningRate>>>(spec),
        OptimizerKind.Sgd => Clipped<ScaleByLearningRate>(spec),
        OptimizerKind.Momentum => Clipped<Then<Trace, ScaleByLearningRate>>(spec),
        OptimizerKind.Nesterov => Clipped<Then<NesterovTrace, ScaleByLearningRate>>(spec),
        OptimizerKind.RmsProp => Clipped<Then<ScaleByRms, ScaleByLearningRate>>(spec),
        OptimizerKind.AdaGrad => Clipped<Then<ScaleByAccumulatedSquares, ScaleByLearningRate>>(spec),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Kind, "Unknown optimizer."),
    };

    private static Sweep Clipped<TChain>(OptimizerSpec spec)
        where TChain : struct, ITransform<TChain> =>
        spec.ClipNorm is null ? new Sweep<TChain>() : new Sweep<Then<ClipByGlobalNorm, TChain>>();
}
