using System.IO.Enumeration;
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
/// <para>Folders belong to root as well, and every user may enter and list them. Anything else in a folder is covered: a file cannot
/// be opened, a folder is empty. A link is shown as it is: it leads to what the sandbox has. The rule is applied when a sandbox
/// starts.</para>
/// </remarks>
/// <param name="root">The folder that holds <c>etc</c> and <c>var</c>.</param>
/// <param name="owner">The uid that files must belong to.</param>
internal sealed partial class SystemConfiguration(string root, uint owner)
{
    private const int OthersRead = 0x4;
    private const int OthersEnter = 0x5;
    private const int LargestClientFile = 64 << 10;

    /// <summary>Entries in one of the folders. One with more is covered as a whole.</summary>
    private const int MostEntries = 10_000;

    /// <summary>What packages install for the programs themselves: no place for a credential.</summary>
    private static readonly Dictionary<string, string[]> Programs = new(StringComparer.Ordinal)
    {
        ["etc"] =
        [
            // The loader, names, time, locales, terminals.
            "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld-musl-*.path", "alternatives", "nsswitch.conf", "host.conf", "protocols",
            "services", "networks", "rpc", "ethertypes", "netconfig", "gai.conf", "localtime", "timezone", "locale.alias", "locale.conf",
            "inputrc", "terminfo", "shells", "os-release", "lsb-release", "debian_version", "*-release", "mime.types", "magic", "magic.mime",

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

    /// <summary>Gets the arguments of bwrap that show it, read-only.</summary>
    public IEnumerable<string> Arguments() => [.. Show(Programs, isClient: false), .. Show(Clients, isClient: true)];

    private IEnumerable<string> Show(Dictionary<string, string[]> listed, bool isClient) =>
        from folder in listed
        where Directory.Exists(Path.Combine(root, folder.Key))
        from path in Directory.EnumerateFileSystemEntries(Path.Combine(root, folder.Key))
        where folder.Value.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(path), ignoreCase: false))
        from argument in Show(path, isClient)
        select argument;

    private List<string> Show(string path, bool isClient)
    {
        // A link at the top is followed: its end is what is shown.
        if (!TryStatus(path, 0, out Libc.FileStatus status) || !IsPublic(path, status, isClient))
        {
            return [];
        }

        List<string> arguments = ["--ro-bind-try", path, "/" + Path.GetRelativePath(root, path)];
        int entries = 0;
        return !status.IsDirectory || Cover(path, isClient, arguments, ref entries) ? arguments : [];
    }

    /// <summary>Covers what a folder holds and the rule does not allow.</summary>
    /// <returns>False when the folder holds too much to look at.</returns>
    private bool Cover(string folder, bool isClient, List<string> arguments, ref int entries)
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

            if (!isKnown || !IsPublic(path, status, isClient))
            {
                arguments.AddRange(isKnown && status.IsDirectory
                    ? ["--tmpfs", shown, "--remount-ro", shown]
                    : ["--ro-bind", "/dev/null", shown]);
            }
            else if (status.IsDirectory && !Cover(path, isClient, arguments, ref entries))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsPublic(string path, Libc.FileStatus status, bool isClient) =>
        status.Uid == owner
        && (status.IsDirectory ? (status.Mode & OthersEnter) == OthersEnter
            : status.IsRegular && (status.Mode & OthersRead) != 0 && (!isClient || !MayHoldCredential(path, status)));

    private static bool MayHoldCredential(string path, Libc.FileStatus status)
    {
        try
        {
            return status.Size > LargestClientFile || Credential().IsMatch(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

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
