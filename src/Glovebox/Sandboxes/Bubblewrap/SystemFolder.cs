using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The folder that sandboxes of this process have as <c>/etc</c>: a copy of what <see cref="SystemConfiguration"/> allows, and
/// places for the files that each sandbox has of its own.</summary>
/// <remarks>It is made when the first sandbox starts, and deleted with the process. What the host changes later is not seen.</remarks>
internal static class SystemFolder
{
    /// <summary>What is mounted over, or made for every sandbox.</summary>
    private static readonly string[] OwnFiles = ["passwd", "group", "hosts", "hostname", "resolv.conf"];

    private static readonly Lock Making = new();
    private static (string Path, IReadOnlyList<string> Mounts) _made = ("", []);

    /// <summary>Gets the folder.</summary>
    public static string Path => Made().Path;

    /// <summary>Gets the arguments of bwrap that mount over it what was not copied.</summary>
    public static IReadOnlyList<string> Mounts => Made().Mounts;

    /// <summary>Makes a place in the folder for a path of the caller's, which is mounted there.</summary>
    /// <param name="path">An absolute path. One that is not below <c>/etc</c> needs no place.</param>
    public static void MakePlace(string path)
    {
        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names is not ["etc", _, ..])
        {
            return;
        }

        string at = Path;
        lock (Making)
        {
            foreach (string name in names[1..])
            {
                at = System.IO.Path.Combine(at, name);
                if (new FileInfo(at).LinkTarget is not null)
                {
                    // bwrap says that it cannot mount there: the link leads out of this folder.
                    return;
                }

                if (!System.IO.Path.Exists(at))
                {
                    bool isFile = name == names[^1] && File.Exists(path);
                    if (isFile)
                    {
                        TemporaryFolders.WriteFile(at, []);
                    }
                    else
                    {
                        Directory.CreateDirectory(at);
                    }
                }
            }
        }
    }

    /// <summary>Makes the folder when it is not there, or no longer: what cleans temporary folders may have deleted it.</summary>
    private static (string Path, IReadOnlyList<string> Mounts) Made()
    {
        lock (Making)
        {
            return _made = File.Exists(System.IO.Path.Combine(_made.Path, OwnFiles[0])) ? _made : Make();
        }
    }

    private static (string Path, IReadOnlyList<string> Mounts) Make()
    {
        string path = TemporaryFolders.Create("etc");
        TemporaryFolders.LetOthersEnter(path);
        IReadOnlyList<string> mounts = SystemConfiguration.Host.CopyTo(path);
        foreach (string name in OwnFiles)
        {
            TemporaryFolders.WriteFile(System.IO.Path.Combine(path, name), []);
        }

        File.CreateSymbolicLink(System.IO.Path.Combine(path, "mtab"), "../proc/self/mounts");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TemporaryFolders.DeleteAsync(path).Wait();
        return (path, mounts);
    }
}
