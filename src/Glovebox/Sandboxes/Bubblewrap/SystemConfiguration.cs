using System.IO.Enumeration;
using System.Text;
using System.Text.RegularExpressions;
using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The configuration that programs in <c>/usr</c> need, of the host's <c>/etc</c> and <c>/var</c>.</summary>
/// <remarks>
/// <para>A sandbox sees a file of the host's configuration when all of this holds:</para>
/// <list type="number">
/// <item>it is in <see cref="Programs"/> or <see cref="Clients"/>, by its own name or by that of a folder above it;</item>
/// <item>it is a regular file, it belongs to root, and every user of the host may read it;</item>
/// <item>in <see cref="Clients"/>, it has at most 64 KiB and no text that looks like a credential.</item>
/// </list>
/// <para>Folders belong to root as well, and every user may enter and list them. A link is shown as it is: it leads to what the sandbox
/// has.</para>
/// <para>Of <c>/etc</c> there is one copy for all sandboxes of a process: to mount each file takes longer than Python takes to start.
/// Folders of many entries, and those of <c>/var</c>, are mounted; what the rule does not allow in them is covered: a file cannot be
/// opened, a folder is empty. The rule is applied when the first sandbox of a process starts.</para>
/// </remarks>
/// <param name="root">The folder that holds <c>etc</c> and <c>var</c>.</param>
/// <param name="owner">The uid that files must belong to.</param>
internal sealed partial class SystemConfiguration(string root, uint owner)
{
    private const int OthersRead = 0x4;
    private const int OthersEnter = 0x5;
    private const int OthersExecute = 0x1;
    private const int LargestClientFile = 64 << 10;
    private const int LargestCopy = 8 << 20;

    /// <summary>Entries in a folder that is copied. One with more is mounted: to make as many files takes longer than that.</summary>
    private const int MostCopied = 20;

    /// <summary>Entries in one of the folders. One with more is covered as a whole.</summary>
    private const int MostEntries = 10_000;

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    /// <summary>What packages install for the programs themselves: no place for a credential.</summary>
    private static readonly Dictionary<string, string[]> Programs = new(StringComparer.Ordinal)
    {
        ["etc"] =
        [
            // The loader, names, time, locales, terminals.
            "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld-musl-*.path", "alternatives", "nsswitch.conf", "host.conf", "protocols",
            "services", "networks", "rpc", "ethertypes", "netconfig", "gai.conf", "localtime", "timezone", "locale.alias", "locale.conf",
            "inputrc", "terminfo", "shells", "os-release", "lsb-release", "debian_version", "*-release", "mime.types", "magic",
            "magic.mime",

            // Certificates, as /etc/ssl/certs leads to them.
            "ca-certificates", "crypto-policies", "gnutls",

            // Languages.
            "python*", "perl", "java", "java-*", ".java", "R", "php*", "ghc*", "dotnet", "nodejs", "julia", "octave*", "ocaml*", "erlang",
            "elixir",
            "lua*", "ruby*", "groovy", "scala", "gnucobol", "fpc*.cfg", "guile", "sbcl*", "common-lisp", "emacs", "vim",

            // Documents, pictures, fonts.
            "fonts", "matplotlibrc", "ImageMagick*", "ghostscript", "texmf", "texlive", "groff", "papersize", "paperspecs", "xml", "sgml",
            "libpaper.d", "libreoffice", "graphviz", "dictionaries-common", "X11", "gtk-2.0", "gtk-3.0", "glvnd", "OpenCL", "vulkan",

            // Tools.
            "gdb", "ant*", "bash_completion.d", "manpath.config", "man_db.conf", "nanorc", "odbcinst.ini", "libnl*", "xattr.conf",
        ],
        ["etc/ssl"] = ["certs", "openssl.cnf"],
        ["etc/pki"] = ["java"],
        ["etc/pki/tls"] = ["certs", "openssl.cnf"],
        ["etc/pki/ca-trust"] = ["extracted"],
        ["var/cache"] = ["fontconfig"],
        ["var/lib"] =
        [
            "aspell", "dictionaries-common", "gems", "ghc", "ghostscript", "hunspell", "mecab", "sgml-base", "texmf", "xml-core", "xkb",
        ],
    };

    /// <summary>Settings of programs that log in somewhere, where an administrator may have written a credential.</summary>
    private static readonly Dictionary<string, string[]> Clients = new(StringComparer.Ordinal)
    {
        ["etc"] =
        [
            "gitconfig", "gitattributes", "npmrc", "npm", "pip.conf", "gemrc", "maven", "gradle", "my.cnf", "my.cnf.d", "mysql", "mariadb",
            "postgresql-common", "odbc.ini", "freetds", "wgetrc", "curlrc",
        ],
    };

    /// <summary>The host's.</summary>
    public static SystemConfiguration Host { get; } = new("/", 0);

    /// <summary>Copies what is listed of <c>/etc</c>.</summary>
    /// <param name="target">An empty folder that becomes <c>/etc</c>.</param>
    /// <returns>The arguments of bwrap that mount the rest over it, read-only.</returns>
    public IReadOnlyList<string> CopyTo(string target)
    {
        List<string> mounts = [.. Listed(Programs, "var").SelectMany(Show)];
        foreach (Dictionary<string, string[]> listed in new[] { Programs, Clients })
        {
            bool isClient = listed == Clients;
            foreach (string path in Listed(listed, "etc"))
            {
                // A link at the top that leaves what a sandbox has is followed: its end is what is shown.
                string end = Links.EndOf(path);
                end = end.StartsWith("/usr/", StringComparison.Ordinal) ? path : end;
                string copy = Path.Combine(target, Path.GetRelativePath(Path.Combine(root, "etc"), path));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                if (!HasMany(end))
                {
                    Copy(end, copy, isClient);
                }
                else if (!isClient && Show(path) is { Count: > 0 } arguments)
                {
                    Directory.CreateDirectory(copy);
                    mounts.AddRange(arguments);
                }
            }
        }

        return mounts;
    }

    private IEnumerable<string> Listed(Dictionary<string, string[]> listed, string below) =>
        from folder in listed
        where folder.Key == below || folder.Key.StartsWith(below + "/", StringComparison.Ordinal)
        where Directory.Exists(Path.Combine(root, folder.Key))
        from path in Directory.EnumerateFileSystemEntries(Path.Combine(root, folder.Key))
        where folder.Value.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(path), ignoreCase: false))
        select path;

    private static bool HasMany(string path) =>
        Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path, "*", Everything).Skip(MostCopied).Any();

    /// <summary>Copies a file, a link, or a folder with what the rule allows in it.</summary>
    private void Copy(string path, string copy, bool isClient)
    {
        if (!TryStatus(path, Libc.SymlinkNoFollow, out Libc.FileStatus status))
        {
            return;
        }

        if (status.IsLink)
        {
            File.CreateSymbolicLink(copy, new FileInfo(path).LinkTarget!);
        }
        else if (!status.IsDirectory)
        {
            CopyFile(path, copy, isClient);
        }
        else if (IsPublic(status))
        {
            Directory.CreateDirectory(copy);
            foreach (string entry in Directory.EnumerateFileSystemEntries(path))
            {
                Copy(entry, Path.Combine(copy, Path.GetFileName(entry)), isClient);
            }
        }
    }

    /// <summary>Copies what was opened, and judges that: the name may lead to another file by then.</summary>
    private void CopyFile(string path, string copy, bool isClient)
    {
        using SafeFileHandle file = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        Libc.FileStatus status = default;
        if (file.IsInvalid || !Libc.TryStatus(file, out status) || !status.IsRegular || !IsPublic(status)
            || status.Size > (ulong)(isClient ? LargestClientFile : LargestCopy))
        {
            return;
        }

        byte[] content = new byte[(int)status.Size];
        int read = RandomAccess.Read(file, content, 0);
        if (!isClient || !Credential().IsMatch(Encoding.UTF8.GetString(content, 0, read)))
        {
            TemporaryFolders.WriteFile(copy, content.AsSpan(0, read), isProgram: (status.Mode & OthersExecute) != 0);
        }
    }

    private List<string> Show(string path)
    {
        // A link at the top is followed: its end is what is shown.
        if (!TryStatus(path, 0, out Libc.FileStatus status) || !IsPublic(status))
        {
            return [];
        }

        List<string> arguments = ["--ro-bind-try", path, "/" + Path.GetRelativePath(root, path)];
        int entries = 0;
        return !status.IsDirectory || Cover(path, arguments, ref entries) ? arguments : [];
    }

    /// <summary>Covers what a folder holds and the rule does not allow.</summary>
    /// <returns>False when the folder holds too much to look at.</returns>
    private bool Cover(string folder, List<string> arguments, ref int entries)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(folder))
        {
            if (++entries > MostEntries)
            {
                return false;
            }

            string shown = "/" + Path.GetRelativePath(root, path);
            bool isKnown = TryStatus(path, Libc.SymlinkNoFollow, out Libc.FileStatus status);
            if (isKnown && status.IsLink)
            {
                continue;
            }

            if (!isKnown || !IsPublic(status))
            {
                arguments.AddRange(isKnown && status.IsDirectory
                    ? ["--tmpfs", shown, "--remount-ro", shown]
                    : ["--ro-bind", "/dev/null", shown]);
            }
            else if (status.IsDirectory && !Cover(path, arguments, ref entries))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsPublic(Libc.FileStatus status) =>
        status.Uid == owner
        && (status.IsDirectory ? (status.Mode & OthersEnter) == OthersEnter : status.IsRegular && (status.Mode & OthersRead) != 0);

    private static bool TryStatus(string path, int flags, out Libc.FileStatus status)
    {
        using SafeFileHandle none = new(-100 /* AT_FDCWD */, ownsHandle: false);
        return Libc.Statx(none, path, flags, Libc.StatxBasic, out status) == 0;
    }

    [GeneratedRegex(
        @"passw|passphrase|pwd|token|secret|_auth|authori[sz]ation|bearer|extraheader|api[-_ ]?key|private[-_ ]?key|://[^\s/]*@",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credential();
}
