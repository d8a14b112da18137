using System.Text;

namespace NnCluster.Cli.Launching;

/// <summary>
/// Words of a command as a POSIX shell takes them apart (POSIX.1-2024, Shell Command Language, 2.2 Quoting): blanks separate, text in
/// <c>'…'</c> is taken as it is, in <c>"…"</c> a backslash escapes <c>$</c>, <c>`</c>, <c>"</c>, <c>\</c> and a line break, elsewhere every
/// character. Nothing is expanded.
/// </summary>
internal static class ShellWords
{
    /// <summary>Completes "expected …" in errors.</summary>
    public const string Expected = "a command whose quotation marks are all closed";

    /// <summary>The words; null if there is none, a quotation mark is open, or nothing follows a backslash.</summary>
    public static string[]? Parse(string text)
    {
        List<string> words = [];
        var word = new StringBuilder();
        bool isWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c is ' ' or '\t' or '\n')
            {
                if (isWord)
                {
                    words.Add(word.ToString());
                    (isWord, _) = (false, word.Clear());
                }

                continue;
            }

            // An escaped line break joins two lines, and makes no word.
            if (c == '\\' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                i++;
                continue;
            }

            isWord = true;
            int next = c switch
            {
                '\'' => CopyQuoted(text, i + 1, word),
                '"' => CopyDoubleQuoted(text, i + 1, word),
                '\\' => CopyEscaped(text, i + 1, word),
                _ => i,
            };
            if (next < 0)
            {
                return null;
            }

            if (next == i)
            {
                word.Append(c);
            }

            i = next;
        }

        if (isWord)
        {
            words.Add(word.ToString());
        }

        return words.Count > 0 ? [.. words] : null;
    }

    // Each returns the index of the last character that it has used, or -1 if the end of the text came first.
    private static int CopyQuoted(string text, int start, StringBuilder word)
    {
        int end = text.IndexOf('\'', start);
        if (end >= 0)
        {
            word.Append(text, start, end - start);
        }

        return end;
    }

    private static int CopyDoubleQuoted(string text, int start, StringBuilder word)
    {
        for (int i = start; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                return i;
            }

            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '$' or '`' or '"' or '\\' or '\n')
            {
                i = CopyEscaped(text, i + 1, word);
            }
            else
            {
                word.Append(text[i]);
            }
        }

        return -1;
    }

    private static int CopyEscaped(string text, int escaped, StringBuilder word)
    {
        if (escaped >= text.Length)
        {
            return -1;
        }

        // An escaped line break joins two lines.
        if (text[escaped] != '\n')
        {
            word.Append(text[escaped]);
        }

        return escaped;
    }
}
