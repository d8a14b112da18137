using System.Globalization;

namespace NnCluster.Data;

/// <summary>Numbers of text files: a decimal point, an optional exponent, no separators between digits.</summary>
internal static class DecimalNumber
{
    // Integers up to 2^53 and powers of ten up to 10^22 are exact in double precision.
    private const ulong ExactIntegers = 1UL << 53;
    private const int MostDigits = 19;

    private static ReadOnlySpan<double> Powers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>The double nearest to a number, the same as <see cref="double.Parse(string)"/> gives.</summary>
    /// <param name="text">UTF-8 without spaces around it.</param>
    /// <param name="value">Receives the number.</param>
    /// <returns>False if the text is no number, or one that is not finite.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) =>
        TryParseExactly(text, out value)
        || (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value));

    /// <summary>
    /// Clinger's fast path ("How to read floating point numbers accurately", 1990): an exact integer times or divided by an exact power
    /// of ten is rounded once, and so correctly.
    /// </summary>
    private static bool TryParseExactly(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        int at = 0;
        bool isNegative = text.Length > 0 && text[0] == '-';
        at += isNegative ? 1 : 0;
        ulong digits = 0;
        int first = at;
        at = AddDigits(text, at, ref digits);
        int count = at - first;
        int exponent = 0;
        if (at < text.Length && text[at] == '.')
        {
            int point = ++at;
            at = AddDigits(text, at, ref digits);
            exponent = point - at;
            count -= exponent;
        }

        if (count is 0 or > MostDigits || digits > ExactIntegers || (at < text.Length && !TryAddExponent(text[at..], ref exponent)))
        {
            return false;
        }

        if (Math.Abs(exponent) >= Powers.Length)
        {
            return false;
        }

        double magnitude = exponent < 0 ? digits / Powers[-exponent] : digits * Powers[exponent];
        value = isNegative ? -magnitude : magnitude;
        return true;
    }

    private static int AddDigits(ReadOnlySpan<byte> text, int at, ref ulong digits)
    {
        ulong sum = digits;
        for (; at < text.Length; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit > 9)
            {
                break;
            }

            sum = (10 * sum) + digit;
        }

        digits = sum;
        return at;
    }

    private static bool TryAddExponent(ReadOnlySpan<byte> text, ref int exponent)
    {
        bool hasSign = text.Length > 1 && text[1] is (byte)'-' or (byte)'+';
        ReadOnlySpan<byte> number = text[(hasSign ? 2 : 1)..];
        if (text[0] is not ((byte)'e' or (byte)'E') || number.Length is 0 or > 3)
        {
            return false;
        }

        ulong digits = 0;
        if (AddDigits(number, 0, ref digits) < number.Length)
        {
            return false;
        }

        exponent += hasSign && text[1] == '-' ? -(int)digits : (int)digits;
        return true;
    }
}
