namespace NnCluster.Data;

/// <summary>
/// Rows of each step of a run, a function of (seed, rows, batch size, epochs, shuffle) alone. Thread-safe.
/// <para>
/// Shuffled, the permutations of the epochs form one stream, and step t (from 0) takes its positions t·B … (t+1)·B - 1,
/// as TensorFlow's MNIST loader (<c>DataSet.next_batch</c>) did: every batch is full, every row is used once an epoch, and a
/// batch may straddle two epochs. A run has ⌊epochs · rows / B⌋ steps.
/// </para>
/// <para>
/// In file order, every epoch starts at row 0 and the last short batch is dropped: ⌊rows / B⌋ steps an epoch.
/// </para>
/// </summary>
public sealed class BatchPlan
{
    private readonly EpochPermutation _permutation;

    /// <summary>Creates the plan of a run.</summary>
    /// <exception cref="BadInputException">The batch is larger than the set, or a number is not positive.</exception>
    public BatchPlan(ulong seed, int rows, int batchSize, int epochs, bool shuffle)
    {
        if (batchSize < 1 || epochs < 1)
        {
            throw new BadInputException($"Batch size {batchSize} and {epochs} epochs: both must be at least 1.");
        }

        if (batchSize > rows)
        {
            throw new BadInputException(
                $"A batch of {batchSize} rows is larger than the {rows} training rows; use a batch size of at most {rows}.");
        }

        (Seed, Rows, BatchSize, Epochs, Shuffle) = (seed, rows, batchSize, epochs, shuffle);
        TotalSteps = shuffle ? (long)epochs * rows / batchSize : (long)epochs * (rows / batchSize);
        _permutation = new(seed, rows);
    }

    /// <summary>Seed of the permutations.</summary>
    public ulong Seed { get; }

    /// <summary>Training rows.</summary>
    public int Rows { get; }

    /// <summary>Rows of a minibatch.</summary>
    public int BatchSize { get; }

    /// <summary>Passes over the training rows.</summary>
    public int Epochs { get; }

    /// <summary>True if every epoch has its own random order.</summary>
    public bool Shuffle { get; }

    /// <summary>Steps of the whole run.</summary>
    public long TotalSteps { get; }

    /// <summary>Rows that a whole epoch uses: all, or in file order those that fill batches.</summary>
    public int EpochRows => Shuffle ? Rows : Rows / BatchSize * BatchSize;

    /// <summary>
    /// Number of steps after which epoch <paramref name="epoch"/> (from 1) is complete: all its rows were used, or the
    /// run is over.
    /// </summary>
    public long StepsThrough(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(epoch);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(epoch, Epochs);
        return !Shuffle ? (long)epoch * (Rows / BatchSize)
            : epoch == Epochs ? TotalSteps
            : (((long)epoch * Rows) + BatchSize - 1) / BatchSize;
    }

    /// <summary>
    /// Writes rows <paramref name="first"/> … <paramref name="first"/> + <paramref name="count"/> - 1 of the batch of
    /// step <paramref name="step"/> (from 0), as indices of training rows, to <paramref name="rows"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is outside the run or the range outside the batch.</exception>
    public void RowsOf(long step, int first, int count, Span<int> rows)
    {
        RequireStep(step);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, BatchSize);
        rows = rows[..count];
        if (!Shuffle)
        {
            int start = (int)(step % (Rows / BatchSize) * BatchSize) + first;
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = start + i;
            }

            return;
        }

        long position = (step * BatchSize) + first;
        while (!rows.IsEmpty)
        {
            ReadOnlySpan<int> rest = _permutation.Of((int)(position / Rows))[(int)(position % Rows)..];
            int here = Math.Min(rest.Length, rows.Length);
            rest[..here].CopyTo(rows);
            rows = rows[here..];
            position += here;
        }
    }

    private void RequireStep(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, TotalSteps);
    }
}
