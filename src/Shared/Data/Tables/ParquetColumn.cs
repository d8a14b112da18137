using System.Globalization;
using System.Numerics;
using Parquet;
using Parquet.Data;
using Parquet.Schema;

namespace NnCluster.Data;

/// <summary>A column of a Parquet file: the values of one row group, read when the first of them is needed.</summary>
/// <param name="source">The column in the schema.</param>
internal abstract class ParquetColumn(DataField source)
{
    // For each row the index of its value, -1 where it is null; unused if the column is required.
    private int[] _indices = [];

    /// <summary>The column in the schema.</summary>
    public DataField Field => source;

    /// <summary>Kind of the values.</summary>
    public abstract ColumnKind Kind { get; }

    /// <summary>Reads the values of a row group.</summary>
    public void Load(ParquetRowGroupReader group, int rows)
    {
        bool hasNulls = source.MaxDefinitionLevel > 0;
        if (hasNulls && _indices.Length < rows)
        {
            _indices = new int[rows];
        }

        ReadValues(group, rows, hasNulls ? _indices : null);
        for (int row = 0, next = 0; hasNulls && row < rows; row++)
        {
            _indices[row] = _indices[row] == source.MaxDefinitionLevel ? next++ : -1;
        }
    }

    /// <summary>Index of the value of a row of the row group; -1 if it is null.</summary>
    public int IndexOf(int row) => source.MaxDefinitionLevel > 0 ? _indices[row] : row;

    /// <summary>Whether a value that is not null is missing: NaN, or a text that stands for a missing value.</summary>
    public abstract bool IsMissing(int index);

    /// <summary>A value as a number.</summary>
    public abstract bool TryGetNumber(int index, out double value);

    /// <summary>A value as text.</summary>
    public abstract ReadOnlySpan<char> GetText(int index);

    /// <summary>Reads values, those that are null left out, and a definition level for each row.</summary>
    protected abstract void ReadValues(ParquetRowGroupReader group, int rows, int[]? levels);

    /// <summary>Reader of a column; null if its type is not read.</summary>
    /// <param name="field">The column in the schema.</param>
    /// <param name="isHalf">Whether its bytes are float16.</param>
    public static ParquetColumn? Of(DataField field, bool isHalf) => field switch
    {
        { IsArray: true } => null,
        TimeDataField time when field.ClrType == typeof(int) => Text<int>(time, value => TimeText(value * TimeSpan.TicksPerMillisecond)),
        TimeDataField { Precision: TimeUnitPrecision.Nanos } => Text<long>(field, value => TimeText(value / 100)),
        TimeDataField => Text<long>(field, value => TimeText(value * TimeSpan.TicksPerMicrosecond)),
        DateTimeDataField { DateTimeFormat: DateTimeFormat.Date } => Text<DateTime>(
            field, value => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        DateTimeDataField stamp => Text<DateTime>(field, value => StampText(value, stamp.IsAdjustedToUTC)),
        _ when isHalf && field.ClrType == typeof(ReadOnlyMemory<byte>) => new Values<ReadOnlyMemory<byte>>(
            field, ColumnKind.Number, value => (double)BitConverter.ToHalf(value.Span), value => Invariant((double)BitConverter.ToHalf(value.Span))),
        _ when field.ClrType == typeof(bool) => Text<bool>(field, value => value ? "true" : "false"),
        _ when field.ClrType == typeof(sbyte) => Number<sbyte>(field),
        _ when field.ClrType == typeof(byte) => Number<byte>(field),
        _ when field.ClrType == typeof(short) => Number<short>(field),
        _ when field.ClrType == typeof(ushort) => Number<ushort>(field),
        _ when field.ClrType == typeof(int) => Number<int>(field),
        _ when field.ClrType == typeof(uint) => Number<uint>(field),
        _ when field.ClrType == typeof(long) => Number<long>(field),
        _ when field.ClrType == typeof(ulong) => Number<ulong>(field),
        _ when field.ClrType == typeof(float) => Number<float>(field),
        _ when field.ClrType == typeof(double) => Number<double>(field),
        _ when field.ClrType == typeof(BigDecimal) => new Values<BigDecimal>(field, ColumnKind.Number, ToDouble, DecimalText),
        _ when field.ClrType == typeof(DateOnly) => Text<DateOnly>(field, value => value.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        _ when field.ClrType == typeof(DateTime) => Text<DateTime>(field, value => StampText(value, isUtc: false)),
        _ when field.ClrType == typeof(Guid) => Text<Guid>(field, value => value.ToString()),
        _ when field.ClrType == typeof(ReadOnlyMemory<char>) => new Strings(field),
        _ => null,
    };

    // Null would be converted to an empty memory.
    private static Memory<int>? MemoryOf(int[]? levels) => levels is null ? default(Memory<int>?) : levels.AsMemory();

    private static Values<T> Number<T>(DataField field)
        where T : struct, INumber<T> => new(field, ColumnKind.Number, double.CreateChecked, Invariant);

    private static Values<T> Text<T>(DataField field, Func<T, string> toText)
        where T : struct => new(field, ColumnKind.Text, _ => double.NaN, toText);

    private static string Invariant<T>(T value)
        where T : struct, INumber<T> => value.ToString(null, CultureInfo.InvariantCulture);

    private static string TimeText(long ticks) => new TimeSpan(ticks).ToString(
        ticks % TimeSpan.TicksPerSecond == 0 ? @"hh\:mm\:ss" : @"hh\:mm\:ss\.FFFFFFF", CultureInfo.InvariantCulture);

    // As pandas writes them: 2024-05-01 12:30:00, with a fraction if there is one and +00:00 if the time is UTC.
    private static string StampText(DateTime value, bool isUtc) =>
        value.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture) + (isUtc ? "+00:00" : "");

    private static double ToDouble(BigDecimal value) =>
        // Both are exact below these limits, and so is the rounding of their quotient.
        value.Scale <= 15 && BigInteger.Abs(value.UnscaledValue) < 1L << 53
            ? (double)value.UnscaledValue / Math.Round(Math.Pow(10, value.Scale))
            : double.Parse(DecimalText(value), CultureInfo.InvariantCulture);

    private static string DecimalText(BigDecimal value)
    {
        string digits = BigInteger.Abs(value.UnscaledValue).ToString(CultureInfo.InvariantCulture).PadLeft(value.Scale + 1, '0');
        string point = value.Scale > 0 ? "." : "";
        return $"{(value.UnscaledValue.Sign < 0 ? "-" : "")}{digits[..^value.Scale]}{point}{digits[^value.Scale..]}";
    }

    private sealed class Values<T>(DataField field, ColumnKind kind, Func<T, double> toNumber, Func<T, string> toText) : ParquetColumn(field)
        where T : struct
    {
        private T[] _values = [];

        public override ColumnKind Kind => kind;

        public override bool IsMissing(int index) => kind == ColumnKind.Number && double.IsNaN(toNumber(_values[index]));

        public override bool TryGetNumber(int index, out double value) => double.IsFinite(value = toNumber(_values[index]));

        public override ReadOnlySpan<char> GetText(int index) => toText(_values[index]);

        protected override void ReadValues(ParquetRowGroupReader group, int rows, int[]? levels)
        {
            if (_values.Length < rows)
            {
                _values = new T[rows];
            }

            group.ReadRawAsync<T>(Field, _values, MemoryOf(levels), null).AsTask().GetAwaiter().GetResult();
        }
    }

    private sealed class Strings(DataField field) : ParquetColumn(field)
    {
        private ReadOnlyMemory<char>[] _values = [];

        public override ColumnKind Kind => ColumnKind.Text;

        public override bool IsMissing(int index) => MissingValues.Contains(GetText(index));

        public override bool TryGetNumber(int index, out double value) =>
            double.TryParse(GetText(index), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

        public override ReadOnlySpan<char> GetText(int index) => _values[index].Span.Trim();

        protected override void ReadValues(ParquetRowGroupReader group, int rows, int[]? levels)
        {
            if (_values.Length < rows)
            {
                _values = new ReadOnlyMemory<char>[rows];
            }

            group.ReadRawAsync<ReadOnlyMemory<char>>(Field, _values, MemoryOf(levels), null).AsTask().GetAwaiter().GetResult();
        }
    }
}
