using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>The division of the rows of a table into parts, and the preparation that is fitted to the training rows.</summary>
internal sealed class TablePlan
{
    private readonly Table _table;
    private readonly TableOptions _options;
    private readonly int[] _labels = [];

    /// <summary>Divides the rows and fits the preparation.</summary>
    /// <exception cref="BadInputException">The rows cannot be divided, or a column cannot be used.</exception>
    public TablePlan(Table table, TableOptions options)
    {
        _table = table;
        _options = options;
        ImmutableArray<string> classes = [];
        if (table.Target.Task == ModelTask.Classification)
        {
            (classes, _labels) = table.Target.TakeClasses();
        }

        (Train, Validation, Test) = Split();
        Preparation = Fit(classes);
    }

    /// <summary>Training rows, ascending.</summary>
    public int[] Train { get; }

    /// <summary>Validation rows that are drawn from the table, ascending.</summary>
    public int[] Validation { get; }

    /// <summary>Test rows that are drawn from the table, ascending.</summary>
    public int[] Test { get; }

    /// <summary>The preparation.</summary>
    public Preparation Preparation { get; }

    /// <summary>Classes of some rows; empty for a regression.</summary>
    public int[] LabelsOf(int[] rows) =>
        _table.Target.Task == ModelTask.Classification ? Array.ConvertAll(rows, row => _labels[row]) : [];

    /// <summary>Targets of rows in the unit of the outputs, (target − mean) / scale, (rows); empty for a classification.</summary>
    public float[] TargetsOf(int[] rows) => _table.Target.Task == ModelTask.Regression
        ? Array.ConvertAll(rows, row => Preparation.ToOutput(_table.Target.TargetOf(row)))
        : [];

    private (int[] Train, int[] Validation, int[] Test) Split()
    {
        SplitOptions splits = _options.Splits;
        int[] rows = [.. Enumerable.Range(0, _table.Rows)];
        var splitter = new RowSplitter(splits.Seed);
        (int[] test, int[] left) = _options.TestFile is null
            ? Draw(splitter, rows, SplitCounts.OfTest(splits, rows.Length, _table.Path))
            : ([], rows);
        (int[] validation, int[] train) = _options.ValidationFile is null
            ? Draw(splitter, left, SplitCounts.OfValidation(splits, left.Length, _table.Path))
            : ([], left);
        if (splits.Limit is { } limit && limit < train.Length)
        {
            (train, _) = splitter.Draw(train, limit, Stratum);
        }

        return (train, validation, test);
    }

    private (int[] Drawn, int[] Left) Draw(RowSplitter splitter, int[] rows, int count)
    {
        if (count == 0)
        {
            return ([], rows);
        }

        if (_table.Groups is not { } groups)
        {
            return splitter.Draw(rows, count, Stratum);
        }

        (int[] drawn, int[] left) = splitter.DrawGroups(rows, count, row => groups[row]);
        return drawn.Length > 0 && left.Length > 0 ? (drawn, left) : throw new BadInputException(
            $"{_table.Path}: {groups.Name} has one value in all {rows.Length} rows, so that one part would get them all; "
            + "group by a column with several values.");
    }

    private Func<int, int>? Stratum => _options.Splits.Stratify && _labels.Length > 0 ? row => _labels[row] : null;

    private Preparation Fit(ImmutableArray<string> classes)
    {
        var fitter = new PreparationFitter(_options.Preparation, _table.Path);
        var preparation = new Preparation
        {
            Task = _table.Target.Task,
            Target = _table.Target.Name,
            Columns = fitter.Fit(_table, Train),
            HasNames = _table.HasNames,
            SourceColumns = _table.SourceColumns,
            Classes = classes,
        };
        if (_table.Target.Task == ModelTask.Classification)
        {
            long[] counts = new long[classes.Length];
            foreach (int row in Train)
            {
                counts[_labels[row]]++;
            }

            return preparation with { ClassRows = [.. counts] };
        }

        (double mean, double deviation) = MomentsOfTarget();
        if (!double.IsFinite(deviation))
        {
            throw new BadInputException($"{_table.Path}: the target {_table.Target.Name} has values too large to average.");
        }

        // Rounding leaves a deviation where all targets are equal.
        double scale = deviation > 1e-12 * Math.Abs(mean) ? deviation : 1;
        return _options.Preparation.Scaling == ScalingKind.None
            ? preparation with { BaselineTarget = mean }
            : preparation with { BaselineTarget = mean, TargetMean = mean, TargetScale = scale };
    }

    private (double Mean, double Deviation) MomentsOfTarget()
    {
        double sum = 0;
        foreach (int row in Train)
        {
            sum += _table.Target.TargetOf(row);
        }

        double mean = sum / Train.Length;
        double squares = 0;
        foreach (int row in Train)
        {
            double distance = _table.Target.TargetOf(row) - mean;
            squares += distance * distance;
        }

        return (mean, Math.Sqrt(squares / Train.Length));
    }
}
