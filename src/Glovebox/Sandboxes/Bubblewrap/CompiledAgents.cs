using System.Collections.Concurrent;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The guest agent as each Python of this machine has compiled it: to compile it takes longer than to start the
/// interpreter.</summary>
/// <remarks>An agent sends this before any code of the guest's is near it. It is kept in memory, for as long as this process lives, and
/// only for an interpreter of the system's folders, which no guest can write: what another one sends may be a guest's work, and would run
/// in the sandboxes of others.</remarks>
internal static class CompiledAgents
{
    private static readonly string[] SystemFolders = ["/usr/", "/bin/", "/sbin/"];

    private static readonly ConcurrentDictionary<Interpreter, byte[]> Known = new();

    /// <summary>Gives the program for an interpreter, or null where none is known.</summary>
    public static byte[]? Find(string python) => Known.GetValueOrDefault(Identify(python));

    /// <summary>Whether what an interpreter has made is kept.</summary>
    public static bool Takes(string python) => IsOfSystem(python) && IsOfSystem(Identify(python).Target);

    /// <summary>Keeps the program that an interpreter has made.</summary>
    public static void Keep(string python, byte[] program)
    {
        if (program.Length > 0 && Takes(python))
        {
            Known[Identify(python)] = program;
        }
    }

    /// <summary>Forgets a program that its interpreter cannot run.</summary>
    public static void Forget(string python) => Known.TryRemove(Identify(python), out _);

    private static bool IsOfSystem(string path) => SystemFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal));

    private static Interpreter Identify(string python)
    {
        string target = Links.EndOf(python);
        return new Interpreter(python, target, File.GetLastWriteTimeUtc(target));
    }

    /// <param name="Path">What is started; the folders around it say where its modules are.</param>
    /// <param name="Target">The program itself.</param>
    /// <param name="Written">One that was replaced may be another version, which cannot run what this one has made.</param>
    private readonly record struct Interpreter(string Path, string Target, DateTime Written);
}
