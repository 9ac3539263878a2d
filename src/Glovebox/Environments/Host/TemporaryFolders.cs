using System.Diagnostics;
using System.Globalization;

namespace Glovebox.Environments.Host;

/// <summary>Temporary folders of this process. Their names hold its id and the PID namespace that the id is one of, so that those of a process
/// that was killed can be found and deleted, and those of one that lives in another container beside us are left alone.</summary>
internal static class TemporaryFolders
{
    private const string Prefix = "glovebox-";
    private static readonly Lazy<bool> Swept = new(Sweep);

    /// <summary>Makes a folder that only this user can enter.</summary>
    public static string Create(string purpose)
    {
        _ = Swept.Value;
        string path = Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{purpose}-{PidNamespace.Id}-{Guid.NewGuid():n}");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Deletes a folder with all that guest code left in it. Links are deleted, not followed.</summary>
    public static async Task DeleteAsync(string path)
    {
        if (TryDelete(path) || OperatingSystem.IsWindows())
        {
            return;
        }

        // Guest code may have made folders that cannot be entered, or nested deeper than a path can say. chmod and rm cope with both.
        await RunAsync("chmod", "-R", "u+rwX", "--", path).ConfigureAwait(false);
        await RunAsync("rm", "-rf", "--", path).ConfigureAwait(false);
    }

    private static bool TryDelete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return !Directory.Exists(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // The last: .NET cannot say the names that are not UTF-8, and calls them by none.
            return false;
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.StandardError.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Deletes what processes left behind that are gone.</summary>
    private static bool Sweep()
    {
        foreach (string path in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            if (Path.GetFileName(path)[Prefix.Length..].Split('-') is [var id, _, var place, _]
                && place == PidNamespace.Id && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int process) && !Exists(process))
            {
                _ = TryDelete(path);
            }
        }

        return true;
    }

    private static bool Exists(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
