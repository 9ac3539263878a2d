using System.IO.Compression;

namespace Glovebox.Bench;

/// <summary>What a new session costs that has a package: one that pip installs for it, and one that a session before it had.</summary>
internal sealed class PackageBenchmarks : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("glovebox-bench-");
    private BubblewrapCommandLineCodeExecutor? _before;

    public async Task<IReadOnlyList<Benchmark>> StartAsync()
    {
        string wheel = MakeWheel();
        _before = Make(wheel);
        await _before.StartAsync();
        Benchmark without = new("a new session and its first python block", () => SessionBenchmarks.NewSessionAsync(new()));
        return
        [
            without,
            new("the same with a package that pip installs", () => SessionBenchmarks.NewSessionAsync(Make(wheel, isOther: true)))
            {
                Baseline = without,
            },
            new("the same with a package of an earlier session", () => SessionBenchmarks.NewSessionAsync(Make(wheel)))
            {
                Baseline = without,
                Goal = 1.5,
            },
        ];
    }

    public async ValueTask DisposeAsync()
    {
        if (_before is { } before)
        {
            await before.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    /// <param name="wheel">The package.</param>
    /// <param name="isOther">Whether the set-up is another than any before.</param>
    private static BubblewrapCommandLineCodeExecutor Make(string wheel, bool isOther = false)
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { Packages = [wheel] };
        if (isOther)
        {
            options.SetupEnvironment["GLOVEBOX_BENCH"] = $"{Guid.NewGuid()}";
        }

        return new(options);
    }

    private string MakeWheel()
    {
        const string Info = "gb_bench-1.0.dist-info";
        string path = Path.Combine(_folder.FullName, "gb_bench-1.0-py3-none-any.whl");
        using ZipArchive wheel = ZipFile.Open(path, ZipArchiveMode.Create);
        Write("gb_bench.py", "");
        Write($"{Info}/METADATA", "Metadata-Version: 2.1\nName: gb_bench\nVersion: 1.0\n");
        Write($"{Info}/WHEEL", "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        Write($"{Info}/RECORD", "");
        return path;

        void Write(string name, string text)
        {
            using StreamWriter writer = new(wheel.CreateEntry(name).Open());
            writer.Write(text);
        }
    }
}
