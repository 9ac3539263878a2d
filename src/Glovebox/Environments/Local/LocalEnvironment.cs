using System.ComponentModel;
using System.Diagnostics;
using Glovebox.Environments.Host;

namespace Glovebox.Environments.Local;

/// <summary>The host itself. Nothing is isolated.</summary>
internal sealed class LocalEnvironment(LocalCommandLineCodeExecutorOptions options) : IExecutionEnvironment
{
    private readonly WorkDirectory _work = new(options.WorkDir);
    private readonly LocalVariables _variables = new(options);

    private HostDirectory? _files;
    private CancellationTokenSource _stopping = new();

    public string Kind => "local";

    public bool IsRunning => _files is not null;

    public string WorkDirectory => _work.Path;

    public IWorkspace Files => _files ?? throw new InvalidOperationException("The environment is not started.");

    public EnvironmentCapabilities Capabilities { get; } = new()
    {
        Environment = "local",
        IsIsolated = false,
        UsesGuestAgent = false,
        Controls =
        [
            new("memory", EnforcementLevel.None, "the host's own"),
            new("processes", EnforcementLevel.None, "the host's own"),
            new("cpus", EnforcementLevel.None, "the host's own"),
            new("network", EnforcementLevel.None, "the host's own"),
            new("filesystem", EnforcementLevel.None, "the host's own"),
            new("output", EnforcementLevel.Full, "bounded by the executor"),
        ],
    };

    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _work.Create();
        _variables.Validate();
        HostDirectory files = new(_work.Path);
        try
        {
            files.CheckWritable();
        }
        catch
        {
            files.Dispose();
            throw;
        }

        _files = files;
        _stopping = new CancellationTokenSource();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _files?.Dispose();
        _files = null;
        await ProcessTree.KillAsync(root: null, _variables.Marker).ConfigureAwait(false);
    }

    public async Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill)
    {
        if (_variables.FindProgram(command.Programs, _work.Path) is not { } program)
        {
            return new ProcessExit(ProcessExitKind.NotFound, 127, $"{command.Programs[0]}: not found");
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        ProcessStartInfo info = new(program, command.Arguments) { WorkingDirectory = _work.Path };
        _variables.Apply(info.Environment);
        try
        {
            using HostProcess process = HostProcess.Start(info, output);
            return await process.WaitAsync(() => ProcessTree.KillAsync(process.Id, _variables.Marker), either.Token).ConfigureAwait(false);
        }
        catch (Win32Exception e)
        {
            return new ProcessExit(ProcessExitKind.NotStarted, 126, $"{program}: {e.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _stopping.Dispose();
        await _work.DeleteOwnedAsync().ConfigureAwait(false);
    }
}
