using System.Globalization;
using System.Text;

namespace NnCluster.Data;

/// <summary>
/// Reads a literal of Python as the header of a NumPy array has it: texts, integers, Booleans, None, and tuples, lists and dictionaries of
/// them. They become string, long, bool, null, <c>object?[]</c> and <c>Dictionary&lt;string, object?&gt;</c>.
/// </summary>
internal sealed class PythonLiteral
{
    private const int MostNested = 16;

    private readonly string _text;
    private int _position;

    private PythonLiteral(string text) => _text = text;

    /// <summary>Reads a literal that takes the whole text.</summary>
    /// <exception cref="FormatException">The text is no such literal.</exception>
    public static object? Parse(string text)
    {
        var literal = new PythonLiteral(text);
        object? value = literal.ReadValue(0);
        literal.SkipSpace();
        return literal._position == text.Length ? value : throw literal.Unexpected();
    }

    private object? ReadValue(int depth)
    {
        SkipSpace();
        if (depth > MostNested)
        {
            throw new FormatException($"it is nested more than {MostNested} deep");
        }

        return Peek() switch
        {
            '{' => ReadDictionary(depth),
            '(' => ReadItems(')', depth),
            '[' => ReadItems(']', depth),
            '\'' or '"' => ReadText(),
            '-' or (>= '0' and <= '9') => ReadInteger(),
            _ when Take("True") => true,
            _ when Take("False") => false,
            _ when Take("None") => null,
            _ => throw Unexpected(),
        };
    }

    private Dictionary<string, object?> ReadDictionary(int depth)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        _position++;
        while (!TakeEnd('}'))
        {
            SkipSpace();
            string key = ReadText();
            SkipSpace();
            Require(':');
            values[key] = ReadValue(depth + 1);
            TakeComma('}');
        }

        return values;
    }

    private object?[] ReadItems(char end, int depth)
    {
        List<object?> values = [];
        _position++;
        while (!TakeEnd(end))
        {
            values.Add(ReadValue(depth + 1));
            TakeComma(end);
        }

        return [.. values];
    }

    private string ReadText()
    {
        char quote = Peek();
        if (quote is not ('\'' or '"'))
        {
            throw Unexpected();
        }

        var text = new StringBuilder();
        for (_position++; Peek() != quote; _position++)
        {
            if (Peek() == '\\')
            {
                _position++;
            }

            text.Append(Peek());
        }

        _position++;
        return text.ToString();
    }

    private long ReadInteger()
    {
        int start = _position++;
        while (_position < _text.Length && char.IsAsciiDigit(_text[_position]))
        {
            _position++;
        }

        // Python 2 wrote 10L.
        bool isInteger = long.TryParse(_text.AsSpan(start, _position - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        _position += _position < _text.Length && _text[_position] == 'L' ? 1 : 0;
        return isInteger ? value : throw new FormatException($"{_text[start.._position]} is no integer of 64 bits");
    }

    private void TakeComma(char end)
    {
        SkipSpace();
        if (Peek() != end)
        {
            Require(',');
        }
    }

    private bool TakeEnd(char end)
    {
        SkipSpace();
        bool isEnd = Peek() == end;
        _position += isEnd ? 1 : 0;
        return isEnd;
    }

    private bool Take(string word)
    {
        bool isNext = _text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal);
        _position += isNext ? word.Length : 0;
        return isNext;
    }

    private void Require(char next)
    {
        if (Peek() != next)
        {
            throw Unexpected();
        }

        _position++;
    }

    private char Peek() => _position < _text.Length ? _text[_position] : throw new FormatException("it ends early");

    private void SkipSpace()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
        {
            _position++;
        }
    }

    private FormatException Unexpected() =>
        new($"it has {Quoted.Text(_text.AsSpan(Math.Min(_position, _text.Length)))} at character {_position + 1}");
}
