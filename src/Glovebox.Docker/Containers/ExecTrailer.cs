using System.Globalization;
using System.Text;
using Glovebox.Environments;

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

        int at = data.IndexOf(_word);
        if (at < 0)
        {
            at = data.Length - Beginning(data);
        }
        else if (data.Length >= at + _word.Length + CodeDigits
            && int.TryParse(data.Slice(at + _word.Length, CodeDigits), NumberStyles.None, CultureInfo.InvariantCulture, out int code))
        {
            ExitCode = code;
        }

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
