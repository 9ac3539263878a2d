using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Glovebox.Sandboxes.Host;
using Glovebox.Sandboxes.Seccomp;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The files of ours that a sandbox is made with, in a temporary folder that any user may read.</summary>
internal sealed class SandboxFiles
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Enterable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _folder = TemporaryFolders.Create("sandbox");

    public SandboxFiles(UserId inside)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder, Enterable);
        }

        Write(
            PasswordFile,
            string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Uid}:{inside.Gid}::{GuestVariables.Home}:/bin/sh\n"));
        Write(GroupFile, string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Gid}:\n"));
        if (SeccompFilter.Build(RuntimeInformation.ProcessArchitecture) is { } filter)
        {
            Write(Path.Combine(_folder, "seccomp.bpf"), filter);
            SeccompFile = Path.Combine(_folder, "seccomp.bpf");
        }
    }

    /// <summary>The folder, on the host.</summary>
    public string Folder => _folder;

    public string AgentFile => Path.Combine(_folder, "agent.py");

    public string PasswordFile => Path.Combine(_folder, "passwd");

    public string GroupFile => Path.Combine(_folder, "group");

    /// <summary>Null on a processor for which there is no filter.</summary>
    public string? SeccompFile { get; }

    /// <summary>Writes the agent's program, once for each sandbox.</summary>
    /// <param name="compiled">As the sandbox's Python has compiled it before; null: its source. Python tells the two apart by what is in
    /// them.</param>
    public void WriteAgent(byte[]? compiled)
    {
        File.Delete(AgentFile);
        Write(AgentFile, compiled is null ? AgentSource.Bytes : compiled);
    }

    public Task DeleteAsync() => TemporaryFolders.DeleteAsync(_folder);

    private static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    private static void Write(string path, ReadOnlyMemory<byte> content)
    {
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write });
        file.Write(content.Span);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file.SafeFileHandle, Readable);
        }
    }
}
