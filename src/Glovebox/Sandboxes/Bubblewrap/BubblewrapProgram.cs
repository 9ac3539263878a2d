using System.ComponentModel;
using System.Diagnostics;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>The <c>bwrap</c> of this machine.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Version">As it says itself.</param>
internal sealed record BubblewrapProgram(string Path, Version Version)
{
    /// <summary>The first version with <c>--disable-userns</c>.</summary>
    public static readonly Version Oldest = new(0, 8, 0);

    private const string Hint = "Install it: apt-get install bubblewrap, dnf install bubblewrap, or your system's way.";

    private static readonly string[] SystemFolders = ["/usr/local/bin", "/usr/bin", "/bin", "/run/current-system/sw/bin"];

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(string, DateTime), BubblewrapProgram> Known = new();

    /// <summary>Finds it on PATH and asks its version; the answer is kept for as long as the file stays the same.</summary>
    /// <param name="path">Where it is looked for; null: PATH.</param>
    /// <param name="workDirectory">Where it is not taken from: guest code can write there. Null: a temporary one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxUnavailableException">It is missing, does not run, or is too old.</exception>
    public static async Task<BubblewrapProgram> FindAsync(string? path, string? workDirectory, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new SandboxUnavailableException(
                "bubblewrap-unavailable", "Bubblewrap works on Linux only.", "Use the Docker executor here.");
        }

        string? guests = workDirectory is null ? null : Libc.RealPath(workDirectory);
        string? file = Places(path ?? Environment.GetEnvironmentVariable("PATH") ?? "")
            .FirstOrDefault(
                f => File.Exists(f) && !(guests is not null && IsBelow(Libc.RealPath(System.IO.Path.GetDirectoryName(f)!), guests)));
        if (file is null)
        {
            throw new SandboxUnavailableException("bubblewrap-unavailable", "Bubblewrap (bwrap) is not on PATH.", Hint);
        }

        (string, DateTime) key = (file, File.GetLastWriteTimeUtc(file));
        if (!Known.TryGetValue(key, out BubblewrapProgram? program))
        {
            program = new BubblewrapProgram(file, await AskVersionAsync(file, cancellationToken).ConfigureAwait(false));
            Known[key] = program;
        }

        return program.Version >= Oldest ? program : throw new SandboxUnavailableException(
            "bubblewrap-too-old", $"Bubblewrap {program.Version} is too old; Glovebox needs {Oldest} or newer.", Hint);
    }

    /// <summary>Where it may be. Of the folders of PATH the system's come first, and those that depend on where we are do not count: guest
    /// code can write in a work directory, and the programs of a virtual environment there are often first on PATH.</summary>
    internal static IEnumerable<string> Places(string path) => path.Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Where(System.IO.Path.IsPathFullyQualified)
        .OrderBy(folder => !SystemFolders.Contains(System.IO.Path.TrimEndingDirectorySeparator(folder)))
        .Select(folder => System.IO.Path.Combine(folder, "bwrap"));

    private static bool IsBelow(string? folder, string above) =>
        folder is not null && (folder + "/").StartsWith(above + "/", StringComparison.Ordinal);

    private static async Task<Version> AskVersionAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            ProcessStartInfo info = new(file, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(info)!;
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);

            // "bubblewrap 0.8.0"
            return Version.TryParse(text.Trim().Split(' ')[^1], out Version? version) ? version : throw Broken(file, null);
        }
        catch (Win32Exception e)
        {
            throw Broken(file, e);
        }
    }

    private static SandboxUnavailableException Broken(string file, Exception? cause) =>
        new("bubblewrap-unavailable", $"'{file}' does not run, or does not say its version.", Hint, cause);
}
