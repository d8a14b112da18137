namespace NnCluster.Data;

/// <summary>Makes a data set in memory of a table.</summary>
/// <param name="table">The table; its cells are freed on the way.</param>
/// <param name="options">Parts and preparation.</param>
internal sealed class TableDatasetBuilder(Table table, TableOptions options)
{
    /// <summary>The data set.</summary>
    /// <exception cref="BadInputException">
    /// The rows cannot be divided, a column cannot be used, or memory cannot hold the features.
    /// </exception>
    public Dataset Build()
    {
        var plan = new TablePlan(table, options);
        Preparation preparation = plan.Preparation;
        (FixedFloats train, FixedFloats validation) = (Room(plan, plan.Train), Room(plan, plan.Validation));
        FixedFloats test = Room(plan, plan.Test);
        UnknownTexts[][] unknown = new RowEncoder(table, preparation)
            .Encode((plan.Train, train), (plan.Validation, validation), (plan.Test, test));
        List<string> notes = [.. TableNotes.Of(table, options, plan, unknown[1], unknown[2])];
        DataSplit testRows = ReadPart(options.TestFile, preparation, notes) ?? Rows(plan, plan.Test, test);
        DataSplit validationRows = ReadPart(options.ValidationFile, preparation, notes) ?? Rows(plan, plan.Validation, validation);
        return new(
            Path.GetFileName(table.Path), Rows(plan, plan.Train, train), testRows, preparation.Classes.Length,
            preparation.Task == ModelTask.Regression ? 1 : 0, preparation.Classes.IsEmpty ? default : preparation.Classes)
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

        (DataSplit rows, var remarks) = TableDataset.ReadRows(path, preparation);
        notes.AddRange(remarks);
        return rows;
    }

    private FixedFloats Room(TablePlan plan, int[] rows)
    {
        long length = (long)rows.Length * plan.Preparation.Features;
        return length <= Array.MaxLength ? new((int)length) : throw new BadInputException(
            $"{table.Path}: {rows.Length} rows of {plan.Preparation.Features} features are more than an array in memory holds; "
            + "turn the table into a prepared directory first.");
    }

    private static DataSplit Rows(TablePlan plan, int[] rows, FixedFloats features)
    {
        FeatureMatrix matrix = FeatureMatrix.FromFloats(features.Written, plan.Preparation.Features);
        return plan.Preparation.Task == ModelTask.Classification
            ? DataSplit.Classification(matrix, plan.LabelsOf(rows))
            : DataSplit.Regression(matrix, plan.TargetsOf(rows), 1);
    }
}
