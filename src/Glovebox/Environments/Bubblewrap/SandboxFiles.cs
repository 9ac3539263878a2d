using System.Globalization;
using System.Runtime.InteropServices;
using Glovebox.Environments.Host;
using Glovebox.Guest;

namespace Glovebox.Environments.Bubblewrap;

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

        Write(AgentFile, GuestAgentSource.Text);
        Write(PasswordFile, string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Uid}:{inside.Gid}::{BubblewrapArguments.Home}:/bin/sh\n"));
        Write(GroupFile, string.Create(CultureInfo.InvariantCulture, $"glovebox:x:{inside.Gid}:\n"));
        if (SeccompFilter.Build(RuntimeInformation.ProcessArchitecture) is { } filter)
        {
            using MemoryStream content = new(filter);
            Write(Path.Combine(_folder, "seccomp.bpf"), content);
            SeccompFile = Path.Combine(_folder, "seccomp.bpf");
        }
    }

    public string AgentFile => Path.Combine(_folder, "agent.py");

    public string PasswordFile => Path.Combine(_folder, "passwd");

    public string GroupFile => Path.Combine(_folder, "group");

    /// <summary>Null on a processor for which there is no filter.</summary>
    public string? SeccompFile { get; }

    public Task DeleteAsync() => TemporaryFolders.DeleteAsync(_folder);

    private static void Write(string path, string text)
    {
        using MemoryStream content = new(System.Text.Encoding.UTF8.GetBytes(text));
        Write(path, content);
    }

    private static void Write(string path, Stream content)
    {
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write });
        content.CopyTo(file);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file.SafeFileHandle, Readable);
        }
    }
}
