using System.Text;

namespace Glovebox.Cli.Output;

/// <summary>Makes text of a guest safe to show in a terminal.</summary>
/// <remarks>A terminal obeys what it is sent: it can be made to hide text, to change its title, to answer as if the user had typed. Only
/// line feeds, tabs, carriage returns and colours (SGR) pass; any other control character is shown as a picture of itself.</remarks>
internal sealed class TerminalText
{
    private const char Escape = '\u001b';
    private const int LongestColour = 32;

    /// <summary>The beginning of an escape sequence whose end has not arrived.</summary>
    private readonly StringBuilder _pending = new();

    /// <summary>Makes a text safe that may hold part of a colour sequence at its end.</summary>
    public string Clean(string text)
    {
        StringBuilder clean = new(text.Length);
        foreach (char c in text)
        {
            if (_pending.Length > 0)
            {
                _pending.Append(c);
                if (IsColourSoFar(_pending))
                {
                    if (c == 'm')
                    {
                        clean.Append(_pending);
                        _pending.Clear();
                    }

                    continue;
                }

                char last = _pending[^1];
                _pending.Length--;
                Flush(clean);
                if (last == Escape)
                {
                    _pending.Append(last);
                    continue;
                }

                clean.Append(Visible(last));
            }
            else if (c == Escape)
            {
                _pending.Append(c);
            }
            else
            {
                clean.Append(Visible(c));
            }
        }

        return clean.ToString();
    }

    /// <summary>Gives what was held back.</summary>
    public string End()
    {
        StringBuilder clean = new();
        Flush(clean);
        return clean.ToString();
    }

    /// <summary>Makes a text safe that is to stay on one line, such as a file's name.</summary>
    public static string Line(string text) => string.Concat(text.Select(c => c is '\n' or '\t' or '\r' ? Picture(c) : Visible(c)));

    private void Flush(StringBuilder clean)
    {
        for (int i = 0; i < _pending.Length; i++)
        {
            clean.Append(Visible(_pending[i]));
        }

        _pending.Clear();
    }

    private static bool IsColourSoFar(StringBuilder sequence)
    {
        if (sequence.Length > LongestColour || (sequence.Length > 1 && sequence[1] != '['))
        {
            return false;
        }

        for (int i = 2; i < sequence.Length; i++)
        {
            char c = sequence[i];
            if (!(c is (>= '0' and <= '9') or ';' or ':' || (c == 'm' && i == sequence.Length - 1)))
            {
                return false;
            }
        }

        return true;
    }

    private static char Visible(char c) => c switch
    {
        '\n' or '\t' or '\r' => c,
        < ' ' or '\u007f' => Picture(c),

        // C1 controls, and what turns the direction of text around.
        (>= '\u0080' and <= '\u009f') or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') => '\uFFFD',
        _ => c,
    };

    private static char Picture(char c) => c == '\u007f' ? '\u2421' : (char)('\u2400' + c);
}
