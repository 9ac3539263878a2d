using System.Reflection;
using System.Text;

namespace Glovebox.Sandboxes.Services;

/// <summary>A program of ours that runs in a sandbox with the guest's rights: one Python text, joined from the parts that it is written
/// in.</summary>
/// <param name="resources">What begins the names of its parts among the resources of this assembly.</param>
/// <param name="parts">Its parts. The order matters: the last one starts.</param>
internal sealed class GuestProgram(string resources, IReadOnlyList<string> parts)
{
    private readonly Lazy<byte[]> _joined = new(() => Join(resources, parts));

    /// <summary>What <c>python3 -c</c> is given: it reads the program from its standard input. The program has a copy of the builtins, so
    /// that it does not see what guest code does to them.</summary>
    public const string Bootstrap =
        "import builtins,sys;exec(compile(sys.stdin.buffer.read(),'<glovebox>','exec'),"
        + "{'__name__':'<glovebox>','__builtins__':dict(vars(builtins))})";

    /// <summary>The program.</summary>
    public ReadOnlyMemory<byte> Source => _joined.Value;

    private static byte[] Join(string resources, IReadOnlyList<string> parts)
    {
        StringBuilder text = new();
        foreach (string part in parts)
        {
            using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{resources}.{part}.py")
                ?? throw new InvalidOperationException($"The part {part} of the program {resources} is missing.");
            using StreamReader reader = new(stream, Encoding.UTF8);
            text.Append(reader.ReadToEnd()).Append("\n\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
