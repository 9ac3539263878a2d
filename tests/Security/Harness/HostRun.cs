using System.Diagnostics;
using System.Globalization;

namespace Glovebox.Tests.Security.Harness;

/// <summary>Runs an attack without a sandbox of ours, for its canary: on the host, or under a bwrap that forbids nothing which stays
/// inside.</summary>
internal static class HostRun
{
    /// <summary>Root of a user namespace of its own, with all capabilities in it and no filter: it may change what is the
    /// namespace's.</summary>
    public static IReadOnlyList<string> Open(string folder) =>
    [
        "bwrap", "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--uid", "0", "--gid", "0",
        "--cap-add", "ALL", "--die-with-parent",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp", "--tmpfs", "/run",
        "--bind", folder, "/mnt", "--chdir", "/mnt", "--",
    ];

    /// <summary>Runs Python code in a folder, and gives what it printed.</summary>
    public static async Task<AttackedAnswer> RunAsync(string code, TestFolder folder, params IReadOnlyList<string> prefix)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string file = folder["attack.py"];
        await File.WriteAllTextAsync(file, code, cancellation);
        folder.SetMode("", "777");
        folder.SetMode("attack.py", "644");
        string program = prefix.Contains("bwrap") ? "attack.py" : file;
        (int exitCode, string output) = await CommandAsync(folder.Path, [.. prefix, "python3", program]);
        return new() { ExitCode = exitCode, Output = output, Termination = nameof(TerminationReason.Exited) };
    }

    /// <summary>Reads a file as a program does that suspects nothing.</summary>
    public static async Task<Verdict> ReadAsync(string path, string secret)
    {
        (int exitCode, string output) = await CommandAsync(
            "/",
            [
                "bash",
                "-c",
                "set -o pipefail; timeout 0.5 head -c 80000000 -- \"$0\" | { read -r -n 200 line; wc -c; echo \"$line\"; }",
                path,
            ]);
        string[] lines = output.Split('\n', 2);
        bool succeeded = exitCode == 124 || output.Contains(secret, StringComparison.Ordinal)
            || (long.TryParse(lines[0].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long size) && size > 64 << 20);
        return new(!succeeded, succeeded, $"{exitCode}: {output}");
    }

    /// <summary>Runs a command and gives what it printed.</summary>
    public static async Task<(int ExitCode, string Output)> CommandAsync(string folder, IReadOnlyList<string> command)
    {
        ProcessStartInfo info = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        info.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using Process process = Process.Start(info)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await errors + await output);
    }
}
