using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Glovebox.Tests.Common;

/// <summary>A process of its own that runs a block under bubblewrap: to kill it, or to run it as another user.</summary>
internal sealed class HostProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    private HostProgram(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    public int Id => _process.Id;

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="setup">What it is to do.</param>
    /// <param name="prefix">What it is started through: <c>setpriv</c> with its arguments, say.</param>
    public static HostProgram Start(HostProgramSetup setup, params IReadOnlyList<string> prefix)
    {
        string[] command = [.. prefix, Path.Combine(PublicFiles.ShowBuilt("HostProgram"), "HostProgram"), setup.WorkDirectory ?? "-", setup.Language, setup.Code];
        ProcessStartInfo info = new(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = "/",
        };
        if (setup.Memory is { } memory)
        {
            info.ArgumentList.Add(memory.ToString(CultureInfo.InvariantCulture));
        }

        info.Environment.Clear();
        info.Environment["DOTNET_ROOT"] = PublicFiles.ShowRuntime();
        info.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        info.Environment["DOTNET_EnableDiagnostics"] = "0";
        info.Environment["PATH"] = setup.HostPath ?? Environment.GetEnvironmentVariable("PATH");
        info.Environment["HOME"] = "/";
        info.Environment["TMPDIR"] = setup.TemporaryFolder ?? Path.GetTempPath();
        if (setup.GuestPath is { } path)
        {
            info.Environment["GLOVEBOX_TEST_PATH"] = path;
        }

        return new HostProgram(Process.Start(info)!);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public Task EndAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(HostProgramSetup setup, params IReadOnlyList<string> prefix)
    {
        using HostProgram program = Start(setup, prefix);
        await program._process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        await program._reading;
        return (program._process.ExitCode, program.Output);
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        char[] buffer = new char[4096];
        int read;
        while ((read = await _process.StandardOutput.ReadAsync(buffer)) > 0)
        {
            lock (_output)
            {
                _output.Append(buffer, 0, read);
            }
        }
    }
}

/// <summary>What a <see cref="HostProgram"/> is to do.</summary>
/// <param name="Language">Of the block.</param>
/// <param name="Code">Of the block.</param>
internal sealed record HostProgramSetup(string Language, string Code)
{
    /// <summary>Null: a temporary one.</summary>
    public string? WorkDirectory { get; init; }

    public string? TemporaryFolder { get; init; }

    public string? GuestPath { get; init; }

    public string? HostPath { get; init; }

    public long? Memory { get; init; }
}
