using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace NnCluster.Data;

/// <summary>
/// The column that a model learns to answer, with all values of a file. The task follows from the values where it is not given:
/// text, or at most 20 different integers, make a classification; other numbers make a regression.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="name">Name of the column.</param>
/// <param name="asked">The task that was asked for; null: the values decide.</param>
internal sealed partial class TargetColumn(string path, string name, ModelTask? asked)
{
    /// <summary>Most different integers that are classes where no task is given.</summary>
    public const int MostIntegerClasses = 20;

    /// <summary>Most classes.</summary>
    public const int MostClasses = 10_000;

    private const double ExactIntegers = 1L << 53;

    private readonly InternedTexts _texts = new();
    private readonly Dictionary<double, int> _codeOfNumber = [];
    private ChunkedList<int>? _codes = asked == ModelTask.Regression ? null : new();
    // Target of each row, where the codes do not give it: a regression was asked for, a value is −0, or the values cannot be classes.
    private ChunkedList<double>? _numbers = asked == ModelTask.Regression ? new() : null;
    private double[]? _numberOfCode;
    private (string Text, string Place)? _firstText;
    private (string Text, string Place)? _firstFraction;

    /// <summary>Name of the column.</summary>
    public string Name { get; } = name;

    /// <summary>Whether the values are names of classes even if they look like numbers.</summary>
    public bool IsText { get; init; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; private set; }

    /// <summary>Appends the value of a source's current row.</summary>
    /// <exception cref="BadInputException">It is missing, no number in a regression, or text among numbers with a fraction.</exception>
    public void Add(TableSource source, int column)
    {
        CellKind kind = source.Read(column, out double number);
        if (kind == CellKind.Missing)
        {
            throw new BadInputException(
                $"{path}, {source.Place}: the target {Name} is missing ({MissingValues.Names}); every row needs one.");
        }

        bool isNumber = kind == CellKind.Number && !IsText;
        if (!isNumber && _firstText is null)
        {
            _firstText = (source.GetText(column).ToString(), source.Place);
            RequireOneTask();
        }
        else if (isNumber && _firstFraction is null && !IsInteger(number))
        {
            _firstFraction = (source.GetText(column).ToString(), source.Place);
            RequireOneTask();
        }

        Rows++;
        if (_codes is not null && !MayBeClasses)
        {
            UseNumbers();
            _codes = null;
        }

        if (isNumber && double.IsNegative(number) && number == 0)
        {
            UseNumbers();
        }

        _codes?.Add(isNumber ? CodeOf(number, source, column) : _texts.CodeOf(source.GetText(column)));
        _numbers?.Add(isNumber ? number : double.NaN);
    }

    /// <summary>Name of the class of a number: numbers that are written differently, such as 1 and 1.0, are one class.</summary>
    public static string NameOf(double number) => (number == 0 ? 0 : number).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The task that was asked for, or that the values make.</summary>
    public ModelTask Task => asked ?? (_firstText is not null || (_firstFraction is null && _texts.Count <= MostIntegerClasses)
        ? ModelTask.Classification
        : ModelTask.Regression);

    private bool MayBeClasses => _texts.Count <= MostClasses && (asked == ModelTask.Classification || _firstFraction is null);

    private void RequireOneTask()
    {
        if (_firstText is not { } text)
        {
            return;
        }

        if (asked == ModelTask.Regression)
        {
            throw new BadInputException(
                $"{path}, {text.Place}: the target {Name} has {Quoted.Text(text.Text)}; a regression needs finite numbers.");
        }

        if (asked is null && DecimalComma.IsMatch(text.Text))
        {
            throw new BadInputException(
                $"{path}, {text.Place}: the target {Name} has {Quoted.Text(text.Text)}, with a comma; expected a decimal point and no separators of thousands.");
        }

        if (asked is null && _firstFraction is { } fraction)
        {
            throw new BadInputException(
                $"{path}: the target {Name} has {Quoted.Text(text.Text)} ({text.Place}) and {Quoted.Text(fraction.Text)} "
                + $"({fraction.Place}); expected names of classes, or finite numbers throughout.");
        }
    }

    /// <summary>The value of a row as the target of a regression.</summary>
    public double TargetOf(int row) => _numbers is { } numbers ? numbers[row] : (_numberOfCode ??= NumbersOfCodes())[_codes![row]];

    /// <summary>
    /// The values as classes: their names, numbers ascending before texts by code points, and the class of each row. Called once: the
    /// values are released.
    /// </summary>
    /// <exception cref="BadInputException">There are fewer than two classes, or too many.</exception>
    public (ImmutableArray<string> Names, int[] Labels) TakeClasses()
    {
        if (_texts.Count < 2)
        {
            throw new BadInputException(
                $"{path}: the target {Name} is {Quoted.Text(_texts.Count > 0 ? _texts[0] : "")} in every row; "
                + "a classification needs two classes.");
        }

        if (_texts.Count > MostClasses)
        {
            throw TooManyClasses();
        }

        if (asked is null && _texts.Count > MostIntegerClasses && 2 * _texts.Count > Rows)
        {
            throw new BadInputException(
                $"{path}: the target {Name} has {_texts.Count} different values in {Rows} rows, such as {Quoted.Text(_texts[0])}; names of classes "
                + "repeat. If they are classes, give the task classification; else choose another target.");
        }

        int[] order = [.. Enumerable.Range(0, _texts.Count)
            .OrderBy(code => NumberOf(_texts[code]))
            .ThenBy(code => _texts[code], StringComparer.Ordinal)];
        int[] labelOf = new int[order.Length];
        for (int label = 0; label < order.Length; label++)
        {
            labelOf[order[label]] = label;
        }

        int[] labels = new int[Rows];
        for (int row = 0; row < labels.Length; row++)
        {
            labels[row] = labelOf[_codes![row]];
        }

        _codes = null;
        return ([.. order.Select(code => _texts[code])], labels);
    }

    /// <summary>A number with a comma in place of the decimal point.</summary>
    [GeneratedRegex(@"^[+-]?\d+,\d+$", RegexOptions.CultureInvariant)]
    public static partial Regex DecimalComma { get; }

    private static double NumberOf(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : double.PositiveInfinity;

    private static bool IsInteger(double number) => number == Math.Floor(number) && Math.Abs(number) < ExactIntegers;

    private int CodeOf(double number, TableSource source, int column)
    {
        if (Math.Abs(number) >= ExactIntegers)
        {
            return _texts.CodeOf(source.GetText(column));
        }

        if (!_codeOfNumber.TryGetValue(number, out int code))
        {
            code = _texts.CodeOf(NameOf(number));
            _codeOfNumber.Add(number, code);
        }

        return code;
    }

    /// <summary>Holds the numbers from now on, where a regression may need them.</summary>
    private void UseNumbers()
    {
        if (asked == ModelTask.Classification)
        {
            throw TooManyClasses();
        }

        if (_numbers is not null || _firstText is not null)
        {
            return;
        }

        double[] numbers = NumbersOfCodes();
        _numbers = new();
        for (int row = 0; row < _codes!.Count; row++)
        {
            _numbers.Add(numbers[_codes[row]]);
        }
    }

    private double[] NumbersOfCodes() => [.. Enumerable.Range(0, _texts.Count).Select(code => NumberOf(_texts[code]))];

    private BadInputException TooManyClasses() => new(
        $"{path}: the target {Name} has more than {MostClasses} different values; at most {MostClasses} can be classes.");
}
