using System.Collections.Immutable;
using System.Globalization;

namespace NnCluster.Data;

/// <summary>
/// Last column of a CSV file. Only integers: classes in ascending order, so that 0 … k - 1 keep their numbers. Only numbers, not all
/// integers: targets of a regression. Otherwise every distinct text is a class, in order of first appearance; text among numbers
/// with a fraction is an error.
/// </summary>
internal sealed class CsvAnswers(string path, string column)
{
    /// <summary>Most classes; more distinct integers are taken for targets without fractions.</summary>
    private const int MostClasses = 1000;

    private readonly List<string> _answers = [];
    private (string Text, long Line)? _text;
    private (string Text, long Line)? _fraction;

    public int Count => _answers.Count;

    public void Add(string answer, long line)
    {
        if (answer.Length == 0)
        {
            throw new BadInputException($"{path}, line {line}: {column}, the last, is empty; expected a class or a target.");
        }

        _answers.Add(answer);
        if (!TryParseInteger(answer, out _))
        {
            if (TryParseNumber(answer, out _))
            {
                _fraction ??= (answer, line);
            }
            else
            {
                _text ??= (answer, line);
            }
        }

        if (_text is { } text && _fraction is { } fraction)
        {
            throw new BadInputException(
                $"{path}: {column}, the last, has {CsvFile.Quote(text.Text)} on line {text.Line} and {CsvFile.Quote(fraction.Text)} "
                + $"on line {fraction.Line}; expected class names or integers, or finite numbers throughout.");
        }
    }

    /// <summary>The data set with the given features; <paramref name="isTest"/> selects the test rows by index, from 0.</summary>
    public Dataset ToDataset(string name, FeatureMatrix train, FeatureMatrix test, Func<int, bool> isTest)
    {
        if (_fraction is not null)
        {
            return new(
                name,
                DataSplit.Regression(train, Where(row => !isTest(row), ParseTarget), 1),
                DataSplit.Regression(test, Where(isTest, ParseTarget), 1),
                targets: 1);
        }

        ImmutableArray<string> classes = Classes();
        Dictionary<string, int> numbers = classes.Select((text, i) => (text, i)).ToDictionary(pair => pair.text, pair => pair.i);
        int Number(string answer) => numbers[_text is null ? Canonical(answer) : answer];
        return new(
            name,
            DataSplit.Classification(train, Where(row => !isTest(row), Number)),
            DataSplit.Classification(test, Where(isTest, Number)),
            classes.Length,
            classNames: classes);
    }

    private ImmutableArray<string> Classes()
    {
        ImmutableArray<string> classes = _text is null
            ? [.. _answers.Select(ParseInteger).Distinct().Order().Select(value => $"{value}")]
            : [.. _answers.Distinct()];
        return classes.Length switch
        {
            1 => throw new BadInputException(
                $"{path}: {column}, the last, is {CsvFile.Quote(classes[0])} in every row; expected at least two classes."),
            > MostClasses => throw new BadInputException(
                $"{path}: {column}, the last, has {classes.Length} different values, too many for classes (at most {MostClasses}); "
                + "for a regression write at least one with a fraction, such as 1.0."),
            _ => classes,
        };
    }

    private T[] Where<T>(Func<int, bool> included, Func<string, T> parse) =>
        [.. _answers.Where((_, row) => included(row)).Select(parse)];

    private static string Canonical(string answer) => $"{ParseInteger(answer)}";

    private static long ParseInteger(string answer) => long.Parse(answer, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static bool TryParseInteger(string answer, out long value) =>
        long.TryParse(answer, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static float ParseTarget(string answer) => float.Parse(answer, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static bool TryParseNumber(string answer, out float value) =>
        float.TryParse(answer, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);
}
