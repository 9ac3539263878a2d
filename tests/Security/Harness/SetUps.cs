using Glovebox.Docker;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Security.Harness;

/// <summary>The set-ups on which each attack is tried.</summary>
internal static class SetUps
{
    public const string OwnFolder = "bubblewrap as root";
    public const string RootsFolder = "bubblewrap as root in root's folder";
    public const string PlainUser = "bubblewrap as a plain user";
    public const string Container = "Docker";
    public const string ContainerAsRoot = "Docker as root";

    private const long SmallMemory = 128 << 20;

    /// <summary>As root, all. As a plain user, those that such a one has.</summary>
    public static IReadOnlyList<string> All { get; } =
        Environment.IsPrivilegedProcess ? [OwnFolder, RootsFolder, PlainUser, Container, ContainerAsRoot]
        : HasEngine() ? [PlainUser, Container]
        : [PlainUser];

    /// <summary>Starts a sandbox.</summary>
    public static async Task<IAttacked> StartAsync(string setUp, AttackedOptions? options = null)
    {
        options ??= new();
        switch (setUp)
        {
            case PlainUser:
                return await RemoteSandbox.StartAsync(options);
            case Container:
                return await InContainerAsync(options, new());
            case ContainerAsRoot:
                TestFolder folder = new();
                return new WithFolder(await InContainerAsync(options with { WorkDirectory = folder.Path }, new()), folder);
            case RootsFolder:
                return await InRootsFolderAsync(options, new());
            default:
                return await StartedAsync(new BubblewrapCommandLineCodeExecutor(options.ToBubblewrap()));
        }
    }

    /// <summary>Starts a sandbox with limits that an attack reaches soon, where the set-up can enforce them.</summary>
    public static Task<IAttacked> StartSmallAsync(string setUp, AttackedOptions? options = null) =>
        StartAsync(setUp, (options ?? new()) with { Memory = LimitsMemory(setUp) ? SmallMemory : null });

    /// <summary>The size of <c>/dev/shm</c> in such a sandbox.</summary>
    public static long SharedMemory(string setUp) => (LimitsMemory(setUp) ? SmallMemory : ExecutionPolicy.DefaultMemory) / 8;

    /// <summary>Starts a bubblewrap sandbox that lacks a defence.</summary>
    public static Task<IAttacked> WithoutAsync(BubblewrapInternals internals, AttackedOptions? options = null) =>
        StartedAsync(new BubblewrapCommandLineCodeExecutor((options ?? new()).ToBubblewrap(), internals));

    /// <summary>Starts a bubblewrap sandbox in a work directory that root owns.</summary>
    public static async Task<IAttacked> InRootsFolderAsync(AttackedOptions options, BubblewrapInternals internals)
    {
        TestFolder folder = new();
        return new WithFolder(await WithoutAsync(internals, options with { WorkDirectory = folder.Path }), folder);
    }

    /// <summary>Starts a container. Guest code is the owner of its work directory.</summary>
    public static Task<IAttacked> InContainerAsync(AttackedOptions options, DockerInternals internals)
    {
        DockerCommandLineCodeExecutorOptions docker = new()
        {
            Image = "glovebox-test-python",
            PullPolicy = PullPolicy.Never,
            WorkDir = options.WorkDirectory,
            Timeout = TimeSpan.FromSeconds(options.TimeoutSeconds),
            Policy = options.Policy,
        };
        AttackedSandbox.AddFunctions(docker, options);
        return StartedAsync(new DockerCommandLineCodeExecutor(docker, internals));
    }

    /// <summary>Whether it is a container.</summary>
    public static bool IsContainer(string setUp) => setUp is Container or ContainerAsRoot;

    private static bool LimitsMemory(string setUp) => IsContainer(setUp) || (setUp != PlainUser && ControlGroups.LimitMemory);

    private static async Task<IAttacked> StartedAsync(ICodeExecutor executor)
    {
        AttackedSandbox sandbox = new(executor);
        try
        {
            await executor.StartAsync(TestContext.Current.CancellationToken);
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    private static bool HasEngine()
    {
        try
        {
            using FileStream _ = new("/var/run/docker.sock", FileMode.Open, FileAccess.Write);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            // A socket that may be written to cannot be opened as a file.
            return File.Exists("/var/run/docker.sock");
        }
    }

    private sealed class WithFolder(IAttacked inner, TestFolder folder) : IAttacked
    {
        public Task<AttackedAnswer> AskAsync(AttackedRequest request, CancellationToken cancellationToken) =>
            inner.AskAsync(request, cancellationToken);

        public async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            folder.Dispose();
        }
    }
}
