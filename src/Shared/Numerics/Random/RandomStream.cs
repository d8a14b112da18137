using System.Diagnostics.CodeAnalysis;

namespace NnCluster.Numerics;

/// <summary>Uses of random words. The numbers are part of the definition of a run and never change.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of random numbers, the field's term; no System.IO.Stream.")]
public enum RandomStream
{
    /// <summary>Order of the rows in an epoch.</summary>
    Permutation = 0,

    /// <summary>Dropout masks.</summary>
    Dropout = 1,

    /// <summary>Initial weights.</summary>
    Initialization = 2,

    /// <summary>Generated data sets.</summary>
    SyntheticData = 3,

    /// <summary>Schedules of injected faults.</summary>
    Faults = 4,

    /// <summary>Noise on the inputs in training.</summary>
    InputNoise = 5,

    /// <summary>Rows of training, validation and test.</summary>
    Splits = 6,
}
