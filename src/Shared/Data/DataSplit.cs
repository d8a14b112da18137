namespace NnCluster.Data;

/// <summary>
/// Rows of a data set: inputs (rows, features), and either class labels (rows) or real targets (rows, outputs). Immutable and
/// thread-safe.
/// </summary>
public sealed class DataSplit
{
    private readonly ReadOnlyMemory<int> _labels;
    private readonly ReadOnlyMemory<float> _targets;
    private readonly int _outputs;

    private DataSplit(IRowSource matrix, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> targets, int outputs)
    {
        Matrix = matrix;
        _labels = labels;
        _targets = targets;
        _outputs = outputs;
    }

    /// <summary>Inputs, (rows, features).</summary>
    public IRowSource Matrix { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => Matrix.Rows;

    /// <summary>Class of each row, (rows); empty for regression.</summary>
    public ReadOnlySpan<int> Labels => _labels.Span;

    /// <summary>Targets of regression, (rows, outputs); empty for classification.</summary>
    public ReadOnlySpan<float> Targets => _targets.Span;

    /// <summary>Rows with a class label each.</summary>
    /// <exception cref="ArgumentException">The numbers of rows and labels differ.</exception>
    public static DataSplit Classification(IRowSource matrix, ReadOnlyMemory<int> labels)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return labels.Length == matrix.Rows
            ? new(matrix, labels, default, 0)
            : throw new ArgumentException($"{matrix.Rows} rows and {labels.Length} labels do not match.", nameof(labels));
    }

    /// <summary>Rows with <paramref name="outputs"/> real targets each.</summary>
    /// <exception cref="ArgumentException">The numbers of rows and targets differ.</exception>
    public static DataSplit Regression(IRowSource matrix, ReadOnlyMemory<float> targets, int outputs)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outputs);
        return targets.Length == (long)matrix.Rows * outputs
            ? new(matrix, default, targets, outputs)
            : throw new ArgumentException(
                $"{matrix.Rows} rows of {outputs} targets and {targets.Length} targets do not match.", nameof(targets));
    }

    /// <summary>
    /// Writes the inputs of the given rows to <paramref name="features"/>, (rows.Length, features); pixels are scaled to [0, 1].
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the split.</exception>
    public void Gather(ReadOnlySpan<int> rows, Span<float> features) => Matrix.Gather(rows, features);

    /// <summary>Writes the classes of the given rows to <paramref name="labels"/>, (rows.Length).</summary>
    public void GatherLabels(ReadOnlySpan<int> rows, Span<int> labels)
    {
        ReadOnlySpan<int> all = _labels.Span;
        for (int i = 0; i < rows.Length; i++)
        {
            labels[i] = all[rows[i]];
        }
    }

    /// <summary>Writes the targets of the given rows to <paramref name="targets"/>, (rows.Length, outputs).</summary>
    public void GatherTargets(ReadOnlySpan<int> rows, Span<float> targets)
    {
        ReadOnlySpan<float> all = _targets.Span;
        for (int i = 0; i < rows.Length; i++)
        {
            all.Slice(rows[i] * _outputs, _outputs).CopyTo(targets[(i * _outputs)..]);
        }
    }

    /// <summary>
    /// Writes the inputs of <paramref name="count"/> rows from <paramref name="first"/> on to <paramref name="features"/>.
    /// </summary>
    public void Copy(int first, int count, Span<float> features) => Matrix.Copy(first, count, features);

    /// <summary>A view of <paramref name="count"/> rows from <paramref name="first"/> on; nothing is copied.</summary>
    public DataSplit Slice(int first, int count) => new(
        Matrix.Slice(first, count),
        _labels.IsEmpty ? _labels : _labels.Slice(first, count),
        _targets.IsEmpty ? _targets : _targets.Slice(first * _outputs, count * _outputs),
        _outputs);

    /// <summary>The rows with the given indices, in their order; their inputs are copied unless they are in a mapped file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the split.</exception>
    public DataSplit Select(ReadOnlySpan<int> rows)
    {
        int[] labels = _labels.IsEmpty ? [] : new int[rows.Length];
        float[] targets = new float[_targets.IsEmpty ? 0 : rows.Length * _outputs];
        IRowSource matrix = Matrix.Select(rows);
        if (labels.Length > 0)
        {
            GatherLabels(rows, labels);
        }

        if (targets.Length > 0)
        {
            GatherTargets(rows, targets);
        }

        return new(matrix, labels, targets, _outputs);
    }
}
