using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Host;
using Glovebox.Sandboxes.Seccomp;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The files that Glovebox gives a sandbox, in a temporary folder that any user may read.</summary>
internal sealed class SandboxFiles : IAsyncDisposable
{
    /// <summary>The name of every sandbox's machine.</summary>
    public const string HostName = "glovebox";

    private const uint Nobody = 65534;

    /// <summary>What the names of the sandbox's own machine lead to. IPv4 comes first in each pair: most servers listen there.</summary>
    public const string OwnNames = $"""
        127.0.0.1 localhost
        ::1 localhost ip6-localhost ip6-loopback
        127.0.0.1 {HostName}
        ::1 {HostName}

        """;

    public SandboxFiles(UserId inside)
    {
        TemporaryFolders.LetOthersEnter(Folder);
        if (inside != BubblewrapHome.DefaultUser)
        {
            (PasswordFile, GroupFile) = (Path.Combine(Folder, "passwd"), Path.Combine(Folder, "group"));
            Write(PasswordFile, Users(inside));
            Write(GroupFile, Groups(inside));
        }

        if (SeccompFilter.Build(RuntimeInformation.ProcessArchitecture) is { } filter)
        {
            SeccompFile = Path.Combine(Folder, "seccomp.bpf");
            TemporaryFolders.WriteFile(SeccompFile, filter);
        }
    }

    /// <summary>The folder, on the host.</summary>
    public string Folder { get; } = TemporaryFolders.Create("sandbox");

    public string AgentFile => Path.Combine(Folder, "agent.py");

    /// <summary>Null where the guest is the default user, whom <see cref="EtcFolder"/> has.</summary>
    public string? PasswordFile { get; }

    /// <summary>Null where <see cref="PasswordFile"/> is.</summary>
    public string? GroupFile { get; }

    /// <summary>Null on a processor for which there is no filter.</summary>
    public string? SeccompFile { get; }

    /// <summary>Gets the file that says what names lead to in a sandbox that has the host's network, and so its names, too.</summary>
    public string HostsFile()
    {
        string path = Path.Combine(Folder, "hosts");
        if (!File.Exists(path))
        {
            string hosts = File.Exists("/etc/hosts") ? File.ReadAllText("/etc/hosts") : "";
            Write(path, $"{hosts.TrimEnd()}\n{OwnNames}");
        }

        return path;
    }

    /// <summary>Gets the text of <c>/etc/passwd</c>.</summary>
    public static string Users(UserId inside) => Lines(
        new(inside.Uid, string.Create(
            CultureInfo.InvariantCulture, $"glovebox:x:{inside.Uid}:{inside.Gid}::{GuestVariables.Home}:/bin/sh")),
        new(0, "root:x:0:0:root:/root:/usr/sbin/nologin"),
        new(Nobody, "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin"));

    /// <summary>Gets the text of <c>/etc/group</c>.</summary>
    public static string Groups(UserId inside) => Lines(
        new(inside.Gid, string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Gid}:")),
        new(0, "root:x:0:"),
        new(Nobody, "nogroup:x:65534:"));

    /// <summary>Writes the agent's program, once for each sandbox.</summary>
    /// <param name="compiled">As the sandbox's Python has compiled it before; null: its source. Python tells the two apart by what is in
    /// them.</param>
    public void WriteAgent(byte[]? compiled)
    {
        File.Delete(AgentFile);
        TemporaryFolders.WriteFile(AgentFile, compiled is null ? AgentSource.Bytes.Span : compiled);
    }

    public async ValueTask DisposeAsync() => await TemporaryFolders.DeleteAsync(Folder).ConfigureAwait(false);

    /// <summary>Joins the lines of a user's or a group's file. Of those with one id, the first counts.</summary>
    private static string Lines(params KeyValuePair<uint, string>[] lines) =>
        string.Concat(lines.DistinctBy(line => line.Key).Select(line => line.Value + "\n"));

    private static void Write(string path, string text) => TemporaryFolders.WriteFile(path, Encoding.UTF8.GetBytes(text));
}
