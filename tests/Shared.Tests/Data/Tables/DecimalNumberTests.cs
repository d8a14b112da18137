using System.Globalization;
using System.Text;
using CsCheck;
using NnCluster.Data;

namespace NnCluster.Shared.Tests.Data;

public sealed class DecimalNumberTests
{
    private static readonly Gen<string> Digits = Gen.Char['0', '9'].Array[0, 22].Select(digits => new string(digits));

    private static readonly Gen<string> Written = Gen.Select(
        OneOf("", "-", "+"), Digits, Gen.Bool, Digits, OneOf("", "e", "E", "e-", "E+", "e+"), Gen.Int[0, 330],
        (sign, whole, hasPoint, fraction, exponent, power) =>
            sign + whole + (hasPoint ? "." + fraction : "") + exponent + (exponent.Length > 0 ? $"{power}" : ""));

    [Fact]
    public void Every_number_is_the_one_of_the_runtime_to_the_bit() => Written.Sample(Check, iter: 100_000);

    [Fact]
    public void Every_double_and_float_survives_its_shortest_text()
    {
        Gen.Double.Sample(value => Check(value.ToString("R", CultureInfo.InvariantCulture)), iter: 20_000);
        Gen.Float.Sample(value => Check(value.ToString("G6", CultureInfo.InvariantCulture)), iter: 20_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("-.")]
    [InlineData("e5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("1e5.0")]
    [InlineData("1,5")]
    [InlineData("1_000")]
    [InlineData("0x10")]
    [InlineData("1e400")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("--1")]
    [InlineData("1-")]
    public void Other_texts_and_numbers_that_are_not_finite_are_none(string text) =>
        Assert.False(DecimalNumber.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("-0")]
    [InlineData("0e22")]
    [InlineData("9007199254740992e22")]
    [InlineData("9007199254740993")]
    [InlineData("9007199254740992e-22")]
    [InlineData("0000000000000000000000001.5")]
    [InlineData("18446744073709551617")]
    [InlineData("99999999999999999999")]
    [InlineData("5.")]
    [InlineData(".5")]
    [InlineData("1e-0022")]
    public void Edges_of_the_fast_path_are_exact(string text) => Check(text);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static void Check(string text)
    {
        bool isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double expected)
            && double.IsFinite(expected);
        Assert.Equal(isNumber, DecimalNumber.TryParse(Encoding.UTF8.GetBytes(text), out double actual));
        if (isNumber)
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(actual));
        }
    }
}
