using System.Text;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>A folder that sandboxes of this process have as <c>/etc</c>: a copy of what <see cref="SystemConfiguration"/> allows, and the
/// files that are ours and the same for all.</summary>
/// <remarks>It is made when the first sandbox starts that needs it, and deleted with the process. What the host changes later is not
/// seen.</remarks>
/// <param name="Path">The folder, on the host.</param>
/// <param name="Mounts">The arguments of bwrap that mount over it what was not copied.</param>
internal sealed record EtcFolder(string Path, IReadOnlyList<string> Mounts)
{
    private const string PasswordFile = "passwd";

    private static readonly Lock Making = new();

    /// <summary>One for each set of places.</summary>
    private static readonly Dictionary<string, EtcFolder> Folders = new(StringComparer.Ordinal);

    /// <summary>Gets the folder for a sandbox; makes it when it is not there, or no longer: what cleans temporary folders may have deleted
    /// it.</summary>
    /// <param name="readOnlyPaths">Absolute paths of the caller's. Those below <c>/etc</c> are mounted over the folder, and have places in
    /// it, which sandboxes without them do not see.</param>
    public static EtcFolder For(IEnumerable<string> readOnlyPaths)
    {
        string[] places = [.. readOnlyPaths.Where(p => p.StartsWith("/etc/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        string key = string.Join('\0', places);
        lock (Making)
        {
            if (!Folders.TryGetValue(key, out EtcFolder? folder) || !File.Exists(System.IO.Path.Combine(folder.Path, PasswordFile)))
            {
                Folders[key] = folder = Make();
                Array.ForEach(places, folder.MakePlace);
            }

            return folder;
        }
    }

    private void MakePlace(string place)
    {
        string[] names = place.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string at = Path;
        for (int i = 1; i < names.Length; i++)
        {
            at = System.IO.Path.Combine(at, names[i]);
            if (new FileInfo(at).LinkTarget is not null)
            {
                // bwrap says that it cannot mount there: the link leads out of this folder.
                return;
            }

            if (System.IO.Path.Exists(at))
            {
                continue;
            }

            if (i == names.Length - 1 && File.Exists(place))
            {
                TemporaryFolders.WriteFile(at, []);
            }
            else
            {
                Directory.CreateDirectory(at);
            }
        }
    }

    private static EtcFolder Make()
    {
        string path = TemporaryFolders.Create("etc");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TemporaryFolders.DeleteAsync(path).Wait();
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
        return new EtcFolder(path, mounts);

        void Write(string name, string text) =>
            TemporaryFolders.WriteFile(System.IO.Path.Combine(path, name), Encoding.UTF8.GetBytes(text));
    }
}
