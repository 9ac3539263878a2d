using System.Text.RegularExpressions;

namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>One sandbox in which a script runs twice: by a plain interpreter, and by the fork server.</summary>
/// <remarks>A language that only looks like Python is executed as any other program is: <c>/usr/bin/python3 x.py</c>.</remarks>
public sealed partial class ForkServerFixture : IAsyncLifetime
{
    private static readonly CodeLanguage Plain = new("plain", ".py", ["python3"], []);

    /// <summary>Prints where the kernel has put the random bytes of a new program: a fork has its parent's, and no two programs are likely
    /// to have the same.</summary>
    private const string Origin = """
        import struct
        with open('/proc/self/auxv', 'rb') as file:
            print(dict(struct.iter_unpack('QQ', file.read()))[25])
        """;

    private Session? _session;
    private string? _origin;

    public Session Session => _session ?? throw new InvalidOperationException("The fixture is not initialized.");

    public static Task<Session> StartAsync() =>
        Session.StartAsync(ExecutorKind.Bubblewrap, new() { Languages = [Plain], TimeProvider = new RealClock() });

    public async ValueTask InitializeAsync()
    {
        _session = await StartAsync();
        _origin = (await _session.PythonAsync(Origin)).Output;
        Assert.NotEqual(_origin, (await _session.RunAsync(new CodeBlock("plain", Origin))).Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            await session.DisposeAsync();
        }
    }

    /// <summary>Runs a script by the fork server.</summary>
    public Task<BlockResult> ForkedAsync(string code, string name = "x.py") => RunAsync("python", code, name);

    /// <summary>Runs a script by a plain interpreter.</summary>
    public Task<BlockResult> PlainAsync(string code, string name = "x.py") => RunAsync("plain", code, name);

    /// <summary>Fails unless the fork server shows what the plain interpreter shows; gives what both did.</summary>
    public async Task<BlockResult> SameAsync(string code, string name = "x.py")
    {
        BlockResult plain = await PlainAsync(code, name);
        BlockResult forked = await ForkedAsync(code, name);
        Assert.Equal(Describe(plain), Describe(forked));
        Assert.Equal(_origin, (await Session.PythonAsync(Origin)).Output);
        return forked;
    }

    /// <summary>Fails unless the fork server shows what the plain interpreter shows, of scripts that run one after the other: what one has
    /// left in a file, the next one prints.</summary>
    public async Task SameInTurnAsync(IReadOnlyList<string> scripts)
    {
        List<string> plain = [], forked = [];
        foreach (string script in scripts)
        {
            plain.Add(Describe(await PlainAsync(script)));
        }

        foreach (string script in scripts)
        {
            forked.Add(Describe(await ForkedAsync(script)));
        }

        Assert.Equal(plain, forked);
        Assert.Equal(_origin, (await Session.PythonAsync(Origin)).Output);
    }

    /// <summary>Says what a run showed, but for addresses, which differ from run to run.</summary>
    public static string Describe(BlockResult result) => Address().Replace(
        $"exit code {result.ExitCode}, {result.Termination}\n-- standard output\n{result.StandardOutput}\n-- standard error\n{result.StandardError}", "0x");

    [GeneratedRegex("0x[0-9a-f]+")]
    private static partial Regex Address();

    private async Task<BlockResult> RunAsync(string language, string code, string name)
    {
        CodeResult result = await Session.RunAsync(new CodeBlock(language, $"# filename: {name}\n{code}"));
        return Assert.Single(result.Blocks);
    }
}
