using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Sandboxes.Host;

/// <summary>Makes root's files another user's, for those who see them through a mount with this map; on the disk they stay root's. All
/// other owners stay as they are.</summary>
/// <remarks>The kernel takes such a map from a user namespace. It is made with a program that enters one and waits.</remarks>
internal sealed class OwnerMap : IDisposable
{
    private OwnerMap(SafeFileHandle userNamespace) => Namespace = userNamespace;

    /// <summary>The user namespace with the map.</summary>
    public SafeFileHandle Namespace { get; }

    /// <summary>Makes a map.</summary>
    /// <param name="user">Root's files are to be this user's. Not root.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">No user namespace can be made.</exception>
    public static async Task<OwnerMap> CreateAsync(UserId user, CancellationToken cancellationToken)
    {
        using SpawnedProcess process = await SpawnedProcess.StartAsync(
            "/bin/sh", ["/bin/sh", "-c", "exec unshare --user /bin/sh -c 'echo; read -r end'"]).ConfigureAwait(false);
        try
        {
            // The shell in the namespace says that it is there.
            if (await process.Channel.ReadAsync(new byte[1], cancellationToken).ConfigureAwait(false) == 0)
            {
                using StreamReader errors = new(process.Errors);
                string said = await errors.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
                throw new IOException($"No user namespace can be made: {WorkspacePath.Printable(said.Trim())}");
            }

            await WriteAsync(process.Id, "uid_map", Text(user.Uid), cancellationToken).ConfigureAwait(false);
            await WriteAsync(process.Id, "gid_map", Text(user.Gid), cancellationToken).ConfigureAwait(false);
            SafeFileHandle userNamespace = Libc.Open(
                string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/ns/user"), Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
            return userNamespace.IsInvalid
                ? throw new IOException(
                    $"The user namespace cannot be opened: {Libc.LastError}")
                : new OwnerMap(userNamespace);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
        }
    }

    public void Dispose() => Namespace.Dispose();

    /// <summary>The map's lines: the first id on the disk, the first that is seen for it, and how many.</summary>
    internal static string Text(uint id) => string.Create(
        CultureInfo.InvariantCulture, $"0 {id} 1\n1 1 {id - 1}\n{id + 1} {id + 1} {uint.MaxValue - (id + 1)}\n");

    /// <summary>The kernel takes a map whole, in one write.</summary>
    private static async Task WriteAsync(int process, string file, string text, CancellationToken cancellationToken)
    {
        try
        {
            await File.WriteAllTextAsync(
                string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{file}"), text, cancellationToken).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
