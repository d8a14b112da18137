using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// A data set from a table: the rows are divided into training, validation and test rows, the preparation is fitted to the training rows,
/// and all rows become features by it.
/// </summary>
public static class TableDataset
{
    /// <summary>Reads a data set, named after the file.</summary>
    /// <param name="path">A CSV or TSV file, plain or compressed with gzip.</param>
    /// <param name="options">Target, task, splits and preparation.</param>
    /// <exception cref="BadInputException">
    /// The file cannot be read or used; the message names the line and the column.
    /// </exception>
    public static Dataset Read(string path, TableOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new();
        using TableSource source = TableFile.Open(path);
        return new Builder(Table.Read(source, options), options).Build();
    }

    extension(Dataset)
    {
        /// <inheritdoc cref="Read"/>
        public static Dataset FromTable(string path, TableOptions? options = null) => Read(path, options);
    }

    /// <summary>All rows of a table with a target, as test rows of a data set that fits a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="preparation">The model's preparation: columns and classes are matched by name.</param>
    /// <exception cref="BadInputException">The file cannot be read or used; the message names the place and the column.</exception>
    public static Dataset ReadWith(string path, Preparation preparation)
    {
        ArgumentNullException.ThrowIfNull(preparation);
        (DataSplit rows, ImmutableArray<string> notes) = ReadRows(path, preparation);
        return new(
            Path.GetFileName(path), rows.Slice(0, 0), rows, preparation.Classes.Length, preparation.Task == ModelTask.Regression ? 1 : 0,
            preparation.Classes.IsEmpty ? default : preparation.Classes)
        {
            Preparation = preparation,
            Notes = notes,
        };
    }

    private static (DataSplit Rows, ImmutableArray<string> Notes) ReadRows(string path, Preparation preparation)
    {
        using PreparedRows rows = PreparedRows.Open(path, preparation, needsTarget: true);
        int width = preparation.Features;
        var features = new FloatRows(width);
        List<int> labels = [];
        List<float> targets = [];
        while (rows.Read(features.Next()))
        {
            features.Keep();
            if (preparation.Task == ModelTask.Classification)
            {
                labels.Add(rows.ReadClass());
            }
            else
            {
                targets.Add(preparation.ToOutput(rows.ReadTarget()));
            }
        }

        if (features.Count == 0)
        {
            throw new BadInputException($"{path} has no rows.");
        }

        FeatureMatrix matrix = FeatureMatrix.FromFloats(features.ToArray(), width);
        ImmutableArray<string> notes = rows.Ignored.IsEmpty
            ? [.. rows.Warnings]
            : [$"{Path.GetFileName(path)}: {ColumnNames.List(rows.Ignored)}: not used by the model", .. rows.Warnings];
        return (
            preparation.Task == ModelTask.Classification
                ? DataSplit.Classification(matrix, labels.ToArray())
                : DataSplit.Regression(matrix, targets.ToArray(), 1),
            notes);
    }

    /// <summary>Floats of a growing number of rows.</summary>
    private sealed class FloatRows(int width)
    {
        private float[] _values = new float[width * 256];

        public int Count { get; private set; }

        public Span<float> Next()
        {
            if ((long)(Count + 1) * width > _values.Length)
            {
                Array.Resize(ref _values, (int)Math.Min(Array.MaxLength, 2L * _values.Length));
            }

            return _values.AsSpan(Count * width, width);
        }

        public void Keep() => Count++;

        public float[] ToArray() => _values.AsSpan(0, Count * width).ToArray();
    }

    /// <summary>Splits and prepares the rows of one table.</summary>
    private sealed class Builder(Table table, TableOptions options)
    {
        private readonly SplitOptions _splits = options.Splits;
        private readonly ModelTask _task = table.Target.Task;

        public Dataset Build()
        {
            (ImmutableArray<string> classes, int[] labels) = _task == ModelTask.Classification ? table.Target.ToClasses() : ([], []);
            (int[] train, int[] validation, int[] test) = Split(labels);
            Preparation preparation = Fit(classes, labels, train);
            List<string> notes = [.. HeaderNotes(), Decisions(classes, train, validation, test), .. TextNotes(), .. ClassNotes(preparation), .. FillNotes(), .. UnseenNotes(preparation, [.. validation, .. test])];
            DataSplit testRows = ReadPart(options.TestFile, preparation, notes) ?? Rows(preparation, labels, test);
            DataSplit validationRows = ReadPart(options.ValidationFile, preparation, notes) ?? Rows(preparation, labels, validation);
            return new(
                Path.GetFileName(table.Path), Rows(preparation, labels, train), testRows, classes.Length,
                _task == ModelTask.Regression ? 1 : 0, classes.IsEmpty ? default : classes)
            {
                Validation = validationRows,
                Preparation = preparation,
                Notes = [.. notes],
            };
        }

        private static DataSplit? ReadPart(string? path, Preparation preparation, List<string> notes)
        {
            if (path is null)
            {
                return null;
            }

            (DataSplit rows, ImmutableArray<string> remarks) = ReadRows(path, preparation);
            notes.AddRange(remarks);
            return rows;
        }

        private (int[] Train, int[] Validation, int[] Test) Split(int[] labels)
        {
            int[] rows = [.. Enumerable.Range(0, table.Rows)];
            var splitter = new RowSplitter(_splits.Seed);
            (int[] test, int[] left) = options.TestFile is null
                ? Draw(splitter, rows, SplitCounts.OfTest(_splits, rows.Length, table.Path), labels)
                : ([], rows);
            (int[] validation, int[] train) = options.ValidationFile is null
                ? Draw(splitter, left, SplitCounts.OfValidation(_splits, left.Length, table.Path), labels)
                : ([], left);
            if (_splits.Limit is { } limit && limit < train.Length)
            {
                (train, _) = splitter.Draw(train, limit, Stratum(labels));
            }

            return (train, validation, test);
        }

        private (int[] Drawn, int[] Left) Draw(RowSplitter splitter, int[] rows, int count, int[] labels)
        {
            if (count == 0)
            {
                return ([], rows);
            }

            if (table.Groups is not { } groups)
            {
                return splitter.Draw(rows, count, Stratum(labels));
            }

            (int[] drawn, int[] left) = splitter.DrawGroups(rows, count, row => (int)groups[row]);
            return drawn.Length > 0 && left.Length > 0 ? (drawn, left) : throw new BadInputException(
                $"{table.Path}: {groups.Name} has one value in all {rows.Length} rows; groups cannot be divided into parts.");
        }

        private Func<int, int>? Stratum(int[] labels) => _splits.Stratify && labels.Length > 0 ? row => labels[row] : null;

        private Preparation Fit(ImmutableArray<string> classes, int[] labels, int[] train)
        {
            var fitter = new PreparationFitter(options.Preparation, table.Path);
            ImmutableArray<InputColumn> columns = [.. table.Columns.Select(column => fitter.Fit(column, train))];
            var preparation = new Preparation
            {
                Task = _task,
                Target = table.Target.Name,
                Columns = columns,
                HasNames = table.HasNames,
                SourceColumns = table.SourceColumns,
                Classes = classes,
            };
            if (_task == ModelTask.Classification)
            {
                long[] counts = new long[classes.Length];
                foreach (int row in train)
                {
                    counts[labels[row]]++;
                }

                return preparation with { ClassRows = [.. counts] };
            }

            (double mean, double deviation) = Moments(table.Target.Targets, train);
            if (!double.IsFinite(deviation))
            {
                throw new BadInputException($"{table.Path}: the target {table.Target.Name} has values too large to average.");
            }

            // Rounding leaves a deviation where all targets are equal.
            double scale = deviation > 1e-12 * Math.Abs(mean) ? deviation : 1;
            return options.Preparation.Scaling == ScalingKind.None
                ? preparation with { BaselineTarget = mean }
                : preparation with { BaselineTarget = mean, TargetMean = mean, TargetScale = scale };
        }

        private static (double Mean, double Deviation) Moments(ReadOnlySpan<double> targets, int[] rows)
        {
            double sum = 0;
            foreach (int row in rows)
            {
                sum += targets[row];
            }

            double mean = sum / rows.Length;
            double squares = 0;
            foreach (int row in rows)
            {
                squares += (targets[row] - mean) * (targets[row] - mean);
            }

            return (mean, Math.Sqrt(squares / rows.Length));
        }

        private DataSplit Rows(Preparation preparation, int[] labels, int[] rows)
        {
            int width = preparation.Features;
            if ((long)rows.Length * width > Array.MaxLength)
            {
                throw new BadInputException(
                    $"{table.Path}: {rows.Length} rows of {width} features are more than memory holds; prepare the table as a file first.");
            }

            float[] features = new float[rows.Length * width];
            int offset = 0;
            foreach ((InputColumn prepared, Column column) in preparation.Columns.Zip(table.Columns))
            {
                Encode(prepared, column, rows, features.AsSpan(), offset, width);
                offset += prepared.Features;
            }

            FeatureMatrix matrix = FeatureMatrix.FromFloats(features, width);
            return _task == ModelTask.Classification
                ? DataSplit.Classification(matrix, Array.ConvertAll(rows, row => labels[row]))
                : DataSplit.Regression(matrix, ToOutputs(preparation, rows), 1);
        }

        private float[] ToOutputs(Preparation preparation, int[] rows)
        {
            ReadOnlySpan<double> targets = table.Target.Targets;
            float[] outputs = new float[rows.Length];
            for (int i = 0; i < rows.Length; i++)
            {
                outputs[i] = preparation.ToOutput(targets[rows[i]]);
            }

            return outputs;
        }

        private static void Encode(InputColumn prepared, Column column, int[] rows, Span<float> features, int offset, int width)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                Span<float> cell = features.Slice((i * width) + offset, prepared.Features);
                double value = column[rows[i]];
                if (double.IsNaN(value))
                {
                    prepared.TryEncodeMissing(cell);
                }
                else if (prepared is NumberColumn number)
                {
                    cell[0] = number.Encode(value);
                }
                else
                {
                    ((CategoryColumn)prepared).TryEncode(column.Texts[(int)value], cell);
                }
            }
        }

        private string Decisions(ImmutableArray<string> classes, int[] train, int[] validation, int[] test)
        {
            string task = _task == ModelTask.Classification ? $"{classes.Length} classes" : "a regression";
            string drawn = table.Groups is { } groups ? $"by groups of {groups.Name}"
                : _splits.Stratify && _task == ModelTask.Classification ? "stratified" : "drawn";
            string Part(string name, string? file, int[] rows) => file is not null ? $"; {name} rows from {Path.GetFileName(file)}"
                : rows.Length > 0 ? $"; {name} {rows.Length} of {table.Rows} rows, {drawn}, seed {_splits.Seed}"
                : "";
            string limited = _splits.Limit < table.Rows ? $"; training limited to {train.Length} rows" : "";
            return $"target {table.Target.Name}, {task}{Part("test", options.TestFile, test)}"
                + $"{Part("validation", options.ValidationFile, validation)}{limited}";
        }

        private IEnumerable<string> HeaderNotes() => table.HasNames
            ? []
            : [$"line 1 of {Path.GetFileName(table.Path)} is a row, it does not name the columns: they are column 1, column 2, …"];

        private IEnumerable<string> TextNotes()
        {
            string[] texts = [.. table.Columns.Where(column => column.Kind == ColumnKind.Text).Select(column => column.Name)];
            return texts.Length == 0 ? [] : [$"columns of text: {ColumnNames.List(texts)}"];
        }

        private static IEnumerable<string> ClassNotes(Preparation preparation)
        {
            string[] absent = [.. preparation.Classes.Where((_, label) => preparation.ClassRows[label] == 0)];
            return absent.Length == 0 ? [] : [$"no training row has the class {ColumnNames.List(absent)}"];
        }

        private IEnumerable<string> FillNotes()
        {
            string[] filled = [.. table.Columns.Where(column => column.Missing > 0).Select(column => $"{column.Name} ({column.Missing})")];
            if (filled.Length == 0)
            {
                yield break;
            }

            string with = options.Preparation.Missing switch
            {
                MissingKind.Mean => "the mean",
                MissingKind.Median => "the median",
                _ => "the most frequent value",
            };
            yield return $"missing values filled with {with}, in text with the most frequent value: {ColumnNames.List(filled)}";
        }

        private IEnumerable<string> UnseenNotes(Preparation preparation, int[] others)
        {
            foreach ((InputColumn prepared, Column column) in preparation.Columns.Zip(table.Columns))
            {
                if (prepared is not CategoryColumn categories)
                {
                    continue;
                }

                HashSet<string> known = [.. categories.Categories];
                string[] unseen = [.. others.Where(row => !double.IsNaN(column[row]))
                    .Select(row => column.Texts[(int)column[row]]).Where(text => !known.Contains(text))];
                if (unseen.Length > 0)
                {
                    yield return $"{column.Name}: {unseen.Length} validation and test rows have a category that no training row has, "
                        + $"such as {Quoted.Text(unseen[0])}; the model sees none of its categories there";
                }
            }
        }
    }
}
