namespace NnCluster.Optimization;

/// <summary>Builds every optimizer as a chain of transforms, as optax does.</summary>
internal static class OptimizerFactory
{
    /// <summary>The update of a resolved specification.</summary>
    public static FusedUpdate Create(OptimizerSpec spec) => spec.Kind switch
    {
        OptimizerKind.Adam => Clipped<Chain<ScaleByAdam, ScaleByLearningRate>>(spec),
        OptimizerKind.AdamW => Clipped<Chain<ScaleByAdam, Chain<AddDecayedWeights, ScaleByLearningRate>>>(spec),
        OptimizerKind.Sgd => Clipped<ScaleByLearningRate>(spec),
        OptimizerKind.Momentum => Clipped<Chain<Trace, ScaleByLearningRate>>(spec),
        OptimizerKind.Nesterov => Clipped<Chain<NesterovTrace, ScaleByLearningRate>>(spec),
        OptimizerKind.RmsProp => Clipped<Chain<ScaleByRms, ScaleByLearningRate>>(spec),
        OptimizerKind.AdaGrad => Clipped<Chain<ScaleByAccumulatedSquares, ScaleByLearningRate>>(spec),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Kind, "Unknown optimizer."),
    };

    private static FusedUpdate Clipped<TChain>(OptimizerSpec spec)
        where TChain : struct, ITransform<TChain> =>
        spec.ClipNorm is null ? new FusedUpdate<TChain>() : new FusedUpdate<Chain<ClipByGlobalNorm, TChain>>();
}
