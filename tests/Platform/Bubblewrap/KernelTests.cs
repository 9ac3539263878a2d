using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Bubblewrap;

/// <summary>The kernel's own files, which lead to the host's root where guest code can write them. Two walls keep them: guest code is not
/// the host's root, and they are read-only. Each is shown to hold with the other one off.</summary>
public sealed class KernelTests
{
    /// <summary>Writes back what is there already, and sets the mode that is there already: harmless where it succeeds.</summary>
    private const string Attack = """
        import os
        def attempt(what):
            try:
                what()
                print('SUCCEEDED')
            except OSError as e:
                print('refused')
        pattern = '/proc/sys/kernel/core_pattern'
        attempt(lambda: open(pattern, 'w').write(open(pattern).read()))
        attempt(lambda: os.chmod('/dev/null', 0o666))
        """;

    [Theory(Timeout = 60_000)]
    [InlineData(true, true, "refused\nrefused\n")]
    [InlineData(true, false, "refused\nrefused\n")]
    [InlineData(false, true, "refused\nrefused\n")]
    [InlineData(false, false, "SUCCEEDED\nSUCCEEDED\n")]
    public async Task In_a_directory_of_roots_each_wall_alone_keeps_the_kernels_files(bool avoidsRoot, bool sealsKernel, string expected)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has such a directory.");
        using TestFolder folder = new();
        Assert.Equal(expected, await RunAsync(new() { AvoidsRoot = avoidsRoot, SealsKernel = sealsKernel }, folder.Path, Attack, TestContext.Current.CancellationToken));
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task In_a_temporary_directory_the_kernels_files_are_kept(bool usesAgent) =>
        Assert.Equal("refused\nrefused\n", await RunAsync(new() { UsesAgent = usesAgent }, null, Attack, TestContext.Current.CancellationToken));

    [Fact(Timeout = 60_000)]
    public async Task Even_root_finds_nothing_of_the_machine_that_it_can_change()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has such a directory.");
        const string look = """
            import os
            for top in os.listdir('/proc'):
                if top.isdigit() or top in ('self', 'thread-self', 'mounts', 'net'):
                    continue
                for folder, _, names in os.walk('/proc/' + top):
                    for name in names:
                        path = os.path.join(folder, name)
                        if os.access(path, os.W_OK):
                            print(path)
                if os.path.isfile('/proc/' + top) and os.access('/proc/' + top, os.W_OK):
                    print('/proc/' + top)
            for name in os.listdir('/dev'):
                path = '/dev/' + name
                if not os.path.islink(path) and name not in ('shm', 'pts'):
                    try:
                        os.chmod(path, os.stat(path).st_mode & 0o777)
                        print(path)
                    except OSError:
                        pass
            print(os.path.exists('/sys'))
            """;
        using TestFolder folder = new();
        Assert.Equal("False\n", await RunAsync(new() { AvoidsRoot = false }, folder.Path, look, TestContext.Current.CancellationToken));

        // The canary: without the second wall there is much.
        string found = await RunAsync(new() { AvoidsRoot = false, SealsKernel = false }, folder.Path, look, TestContext.Current.CancellationToken);
        Assert.Contains("/proc/sys/kernel/core_pattern\n", found, StringComparison.Ordinal);
        Assert.Contains("/dev/null\n", found, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Devices_that_cannot_be_changed_can_be_used() =>
        Assert.Equal("16\n0\n", await RunAsync(new(), null, """
            import os
            open('/dev/null', 'w').write('x')
            print(len(open('/dev/urandom', 'rb').read(16)))
            print(open('/dev/zero', 'rb').read(1)[0])
            """, TestContext.Current.CancellationToken));

    private static async Task<string> RunAsync(BubblewrapInternals internals, string? work, string code, CancellationToken cancellationToken)
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = work }, internals);
        await executor.StartAsync(cancellationToken);
        return (await executor.ExecuteCodeBlocksAsync([new("python", code)], cancellationToken)).Output;
    }
}
