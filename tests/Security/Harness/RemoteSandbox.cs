using System.Diagnostics;
using System.Text.Json;

namespace Glovebox.Tests.Security.Harness;

/// <summary>A sandbox that a process of a plain user has started.</summary>
internal sealed class RemoteSandbox : IAttacked
{
    private readonly Process _process;
    private readonly TestFolder _folder;

    private RemoteSandbox(Process process, TestFolder folder)
    {
        _process = process;
        _folder = folder;
    }

    /// <summary>How root becomes a plain user.</summary>
    public static IReadOnlyList<string> Prefix { get; } =
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"] : [];

    public static async Task<IAttacked> StartAsync(AttackedOptions options)
    {
        TestFolder folder = new();
        folder.GiveAway();
        string program = Path.Combine(PublicFiles.ShowBuilt("HostProgram"), "HostProgram");
        string[] command = [.. Prefix, program, "--attacked", JsonSerializer.Serialize(options with { WorkDirectory = folder.Path })];
        ProcessStartInfo info = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        info.Environment.Clear();
        info.Environment["DOTNET_ROOT"] = PublicFiles.ShowRuntime();
        info.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        info.Environment["DOTNET_TieredPGO"] = "0";
        info.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        info.Environment["HOME"] = "/";
        info.Environment["TMPDIR"] = Path.GetTempPath();
        info.Environment[HostFacts.SecretVariable] = HostFacts.Current.Secret;
        RemoteSandbox sandbox = new(Process.Start(info)!, folder);
        string? first = await sandbox._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        if (first != "ready")
        {
            await sandbox.DisposeAsync();
            Assert.Fail($"No sandbox: {first}");
        }

        return sandbox;
    }

    public async Task<AttackedAnswer> AskAsync(AttackedRequest request, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(request).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken);
        return line is null ? new() { Error = "The process has ended." } : JsonSerializer.Deserialize<AttackedAnswer>(line)!;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            _process.Kill();
        }

        _process.Dispose();
        _folder.Dispose();
    }
}
