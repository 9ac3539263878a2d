using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The folder that sandboxes of this process have as <c>/etc</c>: a copy of what <see cref="SystemConfiguration"/> allows,
/// and the files that are ours and the same for all.</summary>
/// <remarks>It is made when the first sandbox starts, and deleted with the process. What the host changes later is not seen.</remarks>
internal static class SystemFolder
{
    private const string PasswordFile = "passwd";

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
            return _made = File.Exists(System.IO.Path.Combine(_made.Path, PasswordFile)) ? _made : Make();
        }
    }

    private static (string Path, IReadOnlyList<string> Mounts) Make()
    {
        string path = TemporaryFolders.Create("etc");
        TemporaryFolders.LetOthersEnter(path);
        IReadOnlyList<string> mounts = SystemConfiguration.Host.CopyTo(path);
        Write(PasswordFile, SandboxFiles.Users(BubblewrapHome.DefaultUser));
        Write("group", SandboxFiles.Groups(BubblewrapHome.DefaultUser));
        Write("hosts", SandboxFiles.OwnNames);
        Write("hostname", SandboxFiles.HostName + "\n");
        Write("resolv.conf", "");
        string settings = path + BubblewrapArguments.SettingsFolder["/etc".Length..];
        TemporaryFolders.MakePrivate(settings);
        TemporaryFolders.LetOthersEnter(settings);
        foreach ((string name, string text) in ProgramSettings.Files)
        {
            Write(System.IO.Path.Combine(settings, name), text);
        }

        File.CreateSymbolicLink(System.IO.Path.Combine(path, "mtab"), "../proc/self/mounts");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TemporaryFolders.DeleteAsync(path).Wait();
        return (path, mounts);

        void Write(string name, string text) =>
            TemporaryFolders.WriteFile(System.IO.Path.Combine(path, name), Encoding.UTF8.GetBytes(text));
    }
}
