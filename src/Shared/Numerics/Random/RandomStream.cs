using System.Diagnostics.CodeAnalysis;
using NnCluster.Memory;

namespace NnCluster.Numerics;

/// <summary>Uses of random words. The numbers are part of the definition of a run and never change.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of random numbers, the field's term; no System.IO.Stream.")]
public enum RandomStream
{
    Permutation = 0,
    Dropout = 1,
    Initialization = 2,
    SyntheticData = 3,
    Faults = 4,
    InputNoise = 5,
}
