using System.Globalization;
using System.Reflection;
using System.Text;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The guest agent's program: one Python file, joined from the parts that it is written in.</summary>
internal static class AgentSource
{
    /// <summary>The order matters: the first part keeps what a fresh interpreter holds, the last one starts.</summary>
    private static readonly string[] Parts =
        ["wire", "privileges", "files", "forks", "shortcuts", "processes", "functions", "script", "streams", "agent", "main"];

    private static readonly Lazy<string> Joined = new(Join);

    /// <summary>The program.</summary>
    public static string Text => Joined.Value;

    /// <summary>The program as it is sent through the standard input of a Python that was started with <see cref="Bootstrap"/>.</summary>
    public static ReadOnlyMemory<byte> Bytes => Encoding.UTF8.GetBytes(Text);

    /// <summary>What <c>python3 -c</c> is given where no file can be: it reads the program from its standard input, not a byte more, and
    /// becomes it. One expression, so that it leaves no name behind.</summary>
    public static string Bootstrap { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"exec(compile(__import__('io').BufferedReader(open(0,'rb',0,closefd=False),1)"
        + $".read({Encoding.UTF8.GetByteCount(Joined.Value)}),'<glovebox>','exec'))");

    private static string Join()
    {
        StringBuilder text = new();
        foreach (string part in Parts)
        {
            using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Glovebox.Sandboxes.Agent.{part}.py")
                ?? throw new InvalidOperationException($"The agent's part {part} is missing.");
            using StreamReader reader = new(stream, Encoding.UTF8);
            text.Append(reader.ReadToEnd()).Append("\n\n");
        }

        return text.ToString();
    }
}
