using System.Globalization;
using System.Text;

namespace Glovebox.Docker.Containers;

/// <summary>Finds, in one output stream of a program, where the program ended: the shell that ran it then prints a word that only it and we
/// know, and the exit code. What comes later is a background process'.</summary>
/// <remarks>Neither the end of the stream nor the engine would tell: a child that the program left behind holds the stream open.</remarks>
internal sealed class ExecTrailer(string word, OutputStream stream, IOutputSink sink)
{
    private const int CodeDigits = 3;

    private readonly byte[] _word = Encoding.ASCII.GetBytes(word);
    private byte[] _held = [];

    /// <summary>The program's exit code, once it has ended.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>Takes what was printed and hands on what is the program's.</summary>
    public void Take(ReadOnlySpan<byte> data)
    {
        if (ExitCode is not null)
        {
            return;
        }

        if (_held.Length > 0)
        {
            data = (byte[])[.. _held, .. data];
            _held = [];
        }

        int at = Find(data);

        if (at > 0)
        {
            sink.Write(stream, data[..at]);
        }

        if (ExitCode is null)
        {
            _held = data[at..].ToArray();
        }
    }

    /// <summary>The stream has ended: what was held back was the program's.</summary>
    public void Complete()
    {
        if (ExitCode is null && _held.Length > 0)
        {
            sink.Write(stream, _held);
        }
    }

    /// <summary>Finds the end of what is the program's: the word and a code, or what may become that. A word with something else after it
    /// is the program's own: it has read ours, and what follows is not kept in wait for a code.</summary>
    private int Find(ReadOnlySpan<byte> data)
    {
        for (int from = 0; data[from..].IndexOf(_word) is >= 0 and int found;)
        {
            int at = from + found, end = at + _word.Length;
            if (data.Length < end + CodeDigits)
            {
                return at;
            }

            if (int.TryParse(data.Slice(end, CodeDigits), NumberStyles.None, CultureInfo.InvariantCulture, out int code))
            {
                ExitCode = code;
                return at;
            }

            from = at + 1;
        }

        return data.Length - Beginning(data);
    }

    /// <summary>How many of the last bytes may be the beginning of the word.</summary>
    private int Beginning(ReadOnlySpan<byte> data)
    {
        for (int size = Math.Min(_word.Length - 1, data.Length); size > 0; size--)
        {
            if (data[^size..].SequenceEqual(_word.AsSpan(0, size)))
            {
                return size;
            }
        }

        return 0;
    }
}
