using Glovebox.Sandboxes.Host;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Functions.Setup;

/// <summary>A requirement that is the path of a wheel on the host.</summary>
/// <param name="Path">Its full path. A relative one begins at the current directory of this process.</param>
/// <param name="Rest">What follows the path: extras, a marker.</param>
internal sealed record LocalWheel(string Path, string Rest)
{
    private const string Extension = ".whl";

    /// <summary>Reads a requirement; null when it is anything else, such as a name or an address.</summary>
    public static LocalWheel? Of(string package)
    {
        int end = package.IndexOf(Extension, StringComparison.OrdinalIgnoreCase) + Extension.Length;
        if (end < Extension.Length || package[end..].TrimStart() is not ("" or ['[' or ';', ..]))
        {
            return null;
        }

        string path = package[..end];
        return path[0] is '/' or '.' || !path.AsSpan().ContainsAny("@:;[")
            ? new LocalWheel(System.IO.Path.GetFullPath(path), package[end..])
            : null;
    }

    /// <summary>Gives the requirement with the wheel's full path; any other is returned as it is.</summary>
    public static string WithFullPath(string package) => Of(package)?.At(path => path) ?? package;

    /// <summary>Gives the requirement for the same wheel at another place.</summary>
    public string At(Func<string, string> place) => place(Path) + Rest;

    /// <summary>Opens the wheel.</summary>
    /// <exception cref="FunctionSetupException">It is missing, or cannot be read.</exception>
    public FileStream Open() => TryOpen(Path, out string reason) ?? throw new FunctionSetupException(
        $"Pip install failed. The wheel '{Path}' cannot be read: {reason}.",
        "Name a wheel that this program may read. A relative path begins at the current directory of the program.");

    /// <summary>Opens a regular file for reading.</summary>
    /// <returns>Null when there is none that this process may read, for a reason.</returns>
    public static FileStream? TryOpen(string path, out string reason)
    {
        // Non-blocking: to open a pipe must not wait for a writer.
        SafeFileHandle file = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        reason = file.IsInvalid ? Libc.LastError : "it is no file";
        if (Libc.TryStatus(file, out Libc.FileStatus status) && status.IsRegular)
        {
            return new FileStream(file, FileAccess.Read);
        }

        file.Dispose();
        return null;
    }
}
