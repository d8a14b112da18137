using System.Runtime.CompilerServices;

namespace NnCluster.Simulation;

/// <summary>Message of a violated invariant; formatted only if the condition does not hold.</summary>
[InterpolatedStringHandler]
internal ref struct InvariantViolation
{
    private DefaultInterpolatedStringHandler _text;

    public InvariantViolation(int literalLength, int formattedCount, bool holds, out bool broken)
    {
        broken = !holds;
        _text = broken ? new(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public override string ToString() => _text.ToStringAndClear();
}
