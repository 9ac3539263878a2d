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
    public SandboxFiles(UserId inside)
    {
        TemporaryFolders.LetOthersEnter(Folder);
        Write(
            PasswordFile,
            string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Uid}:{inside.Gid}::{GuestVariables.Home}:/bin/sh\n"));
        Write(GroupFile, string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Gid}:\n"));
        if (SeccompFilter.Build(RuntimeInformation.ProcessArchitecture) is { } filter)
        {
            SeccompFile = Path.Combine(Folder, "seccomp.bpf");
            TemporaryFolders.WriteFile(SeccompFile, filter);
        }
    }

    /// <summary>The folder, on the host.</summary>
    public string Folder { get; } = TemporaryFolders.Create("sandbox");

    public string AgentFile => Path.Combine(Folder, "agent.py");

    public string PasswordFile => Path.Combine(Folder, "passwd");

    public string GroupFile => Path.Combine(Folder, "group");

    /// <summary>Null on a processor for which there is no filter.</summary>
    public string? SeccompFile { get; }

    /// <summary>Writes the agent's program, once for each sandbox.</summary>
    /// <param name="compiled">As the sandbox's Python has compiled it before; null: its source. Python tells the two apart by what is in
    /// them.</param>
    public void WriteAgent(byte[]? compiled)
    {
        File.Delete(AgentFile);
        TemporaryFolders.WriteFile(AgentFile, compiled is null ? AgentSource.Bytes.Span : compiled);
    }

    public async ValueTask DisposeAsync() => await TemporaryFolders.DeleteAsync(Folder).ConfigureAwait(false);

    private static void Write(string path, string text) => TemporaryFolders.WriteFile(path, Encoding.UTF8.GetBytes(text));
}
