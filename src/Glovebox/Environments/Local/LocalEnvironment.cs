using System.ComponentModel;
using System.Diagnostics;
using Glovebox.Environments.Host;
using Glovebox.Functions.Setup;

namespace Glovebox.Environments.Local;

/// <summary>The host itself. Nothing is isolated.</summary>
internal sealed class LocalEnvironment(LocalCommandLineCodeExecutorOptions options) : IFunctionEnvironment
{
    private static readonly Dictionary<string, string> NoVariables = [];

    private readonly WorkDirectory _work = new(options.WorkDir);
    private readonly LocalVariables _variables = new(options);

    private OfferedFunctions? _offered;
    private LocalFunctions? _functions;
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

    public void Offer(OfferedFunctions functions)
    {
        _offered = functions;
        _functions = new LocalFunctions(functions);
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _work.Create();
        _variables.Validate();
        HostDirectory files = new(_work.Path);
        try
        {
            files.CheckWritable();
            _stopping = new CancellationTokenSource();
            if (_functions is not null)
            {
                await _functions.StartAsync(
                    _variables,
                    folder => (command, output, kill) => RunInAsync(folder, command, _offered!.SetupVariables, output, kill),
                    cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            files.Dispose();
            throw;
        }

        _files = files;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _files?.Dispose();
        _files = null;
        if (_functions is not null)
        {
            await _functions.StopAsync().ConfigureAwait(false);
        }

        await ProcessTree.KillAsync(root: null, _variables.Marker).ConfigureAwait(false);
    }

    public Task<ProcessExit> RunAsync(GuestCommand command, IOutputSink output, CancellationToken kill) =>
        RunInAsync(_work.Path, command, NoVariables, output, kill);

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        _stopping.Dispose();
        if (_functions is not null)
        {
            await _functions.DisposeAsync().ConfigureAwait(false);
        }

        await _work.DeleteOwnedAsync().ConfigureAwait(false);
    }

    private async Task<ProcessExit> RunInAsync(
        string folder, GuestCommand command, IReadOnlyDictionary<string, string> variables, IOutputSink output, CancellationToken kill)
    {
        if (_variables.FindProgram(command.Programs, _work.Path) is not { } program)
        {
            return new ProcessExit(ProcessExitKind.NotFound, 127, $"{command.Programs[0]}: not found");
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(kill, _stopping.Token);
        ProcessStartInfo info = new(program, command.Arguments) { WorkingDirectory = folder };
        _variables.Apply(info.Environment);
        foreach ((string name, string value) in variables)
        {
            info.Environment[name] = value;
        }

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
}
