using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace NnCluster.Data;

/// <summary>Compares options with those that a directory was prepared with.</summary>
internal static class PreparedOptions
{
    /// <summary>Checks that every option that was given has the value that the directory was prepared with.</summary>
    /// <exception cref="BadInputException">One differs.</exception>
    public static void RequireAgree(TableOptions asked, PreparedDescription described, string path)
    {
        TableOptions none = new();
        TableOptions made = described.Options;
        Preparation preparation = described.Preparation;
        bool isTarget = asked.Target is null || asked.Target == made.Target || asked.Target == preparation.Target;
        Require<TableOptions>(nameof(TableOptions.Target), asked.Target, isTarget, preparation.Target);
        HeaderKind header = preparation.HasNames ? HeaderKind.Yes : HeaderKind.No;
        Require<TableOptions>(nameof(TableOptions.Header), asked.Header, asked.Header == HeaderKind.Auto || asked.Header == header, header);
        bool isTask = asked.Task is null || asked.Task == preparation.Task;
        Require<TableOptions>(nameof(TableOptions.Task), asked.Task, isTask, preparation.Task);
        RequireColumns(nameof(TableOptions.Ignore), asked.Ignore, made.Ignore);
        RequireColumns(nameof(TableOptions.Text), asked.Text, made.Text);
        RequireSame<TableOptions, string?>(nameof(TableOptions.Group), asked.Group, made.Group, none.Group);
        RequireSame<TableOptions, string?>(nameof(TableOptions.TestFile), FullPath(asked.TestFile), FullPath(made.TestFile), none.TestFile);
        RequireSame<TableOptions, string?>(
            nameof(TableOptions.ValidationFile), FullPath(asked.ValidationFile), FullPath(made.ValidationFile), none.ValidationFile);
        (SplitOptions splits, SplitOptions madeSplits, SplitOptions noSplits) = (asked.Splits, made.Splits, none.Splits);
        RequireSame<SplitOptions, double>(nameof(SplitOptions.Test), splits.Test, madeSplits.Test, noSplits.Test);
        RequireSame<SplitOptions, double>(nameof(SplitOptions.Validation), splits.Validation, madeSplits.Validation, noSplits.Validation);
        RequireSame<SplitOptions, int?>(nameof(SplitOptions.Limit), splits.Limit, madeSplits.Limit, noSplits.Limit);
        RequireSame<SplitOptions, ulong>(nameof(SplitOptions.Seed), splits.Seed, madeSplits.Seed, noSplits.Seed);
        if (!splits.Stratify && madeSplits.Stratify)
        {
            var stratify = new PropertyName(nameof(SplitOptions), nameof(SplitOptions.Stratify));
            throw new BadInputException(
                stratify,
                $"{stratify}: {path} was prepared with a share of every class in each part; ",
                $"leave the option out, or prepare the table again.");
        }

        (PreparationOptions use, PreparationOptions madeUse, PreparationOptions noUse) =
            (asked.Preparation, made.Preparation, none.Preparation);
        RequireSame<PreparationOptions, ScalingKind>(nameof(PreparationOptions.Scaling), use.Scaling, madeUse.Scaling, noUse.Scaling);
        RequireSame<PreparationOptions, MissingKind>(nameof(PreparationOptions.Missing), use.Missing, madeUse.Missing, noUse.Missing);
        RequireSame<PreparationOptions, CategoryKind>(
            nameof(PreparationOptions.Categories), use.Categories, madeUse.Categories, noUse.Categories);

        void RequireSame<TOwner, T>(string property, T value, T prepared, T unset)
        {
            bool isUnset = EqualityComparer<T>.Default.Equals(value, unset) && !asked.IsGiven(new(typeof(TOwner).Name, property));
            Require<TOwner>(property, value, isUnset || EqualityComparer<T>.Default.Equals(value, prepared), prepared);
        }

        void RequireColumns(string property, ImmutableArray<string> value, ImmutableArray<string> prepared) => Require<TableOptions>(
            property, ColumnNames.List(value), value.IsEmpty || value.ToHashSet().SetEquals(prepared), ColumnNames.List(prepared));

        void Require<TOwner>(string property, object? value, bool agrees, object? prepared)
        {
            if (!agrees)
            {
                var name = new PropertyName(typeof(TOwner).Name, property);
                throw new BadInputException(
                    name,
                    $"{name} {Text(value)}: {path} was prepared with {Text(prepared)}; ",
                    $"leave the option out, or prepare the table again.");
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        null or "" => "none",
        Enum name => JsonNamingPolicy.KebabCaseLower.ConvertName($"{name}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);
}
