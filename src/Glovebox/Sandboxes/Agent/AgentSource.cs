using System.Globalization;
using Glovebox.Sandboxes.Services;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The guest agent's program: one Python file, joined from the parts that it is written in.</summary>
internal static class AgentSource
{
    /// <summary>The first part keeps what a fresh interpreter holds.</summary>
    private static readonly GuestProgram Program = new(
        "Glovebox.Sandboxes.Agent",
        ["wire", "privileges", "files", "forks", "shortcuts", "processes", "functions", "script", "streams", "agent", "main"]);

    /// <summary>The program as it is sent through the standard input of a Python that was started with <see cref="Bootstrap"/>.</summary>
    public static ReadOnlyMemory<byte> Bytes => Program.Source;

    /// <summary>What <c>python3 -c</c> is given where no file can be: it reads the program from its standard input, not a byte more, and
    /// becomes it. One expression, so that it leaves no name behind.</summary>
    public static string Bootstrap { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"exec(compile(__import__('io').BufferedReader(open(0,'rb',0,closefd=False),1)"
        + $".read({Bytes.Length}),'<glovebox>','exec'))");
}
