using System.Text;

namespace Glovebox.Cli.Mcp;

/// <summary>Collects output until a line is whole: a client shows each message by itself.</summary>
internal sealed class WholeLines
{
    /// <summary>The most characters that wait for the end of their line.</summary>
    private const int Longest = 4096;

    private readonly StringBuilder _rest = new();

    /// <summary>Takes output.</summary>
    /// <returns>The lines that are whole now; empty where none is.</returns>
    public string Add(string text)
    {
        _rest.Append(text);
        int end = text.LastIndexOf('\n');
        if (end < 0)
        {
            return _rest.Length < Longest ? "" : End();
        }

        int length = _rest.Length - text.Length + end + 1;
        string lines = _rest.ToString(0, length);
        _rest.Remove(0, length);
        return lines;
    }

    /// <summary>Gives what is left.</summary>
    public string End()
    {
        string rest = _rest.ToString();
        _rest.Clear();
        return rest;
    }
}
