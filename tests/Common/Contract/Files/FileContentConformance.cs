using System.Security.Cryptography;
using Glovebox.Sandboxes;

namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>What is read from files of a sandbox and written to them: ranges, sizes, what is no file, what is given up.</summary>
public abstract class FileContentConformance(FilesFixture fixture) : FilesTest(fixture)
{
    private const int Large = 100 << 20;

    [Theory]
    [InlineData(0, null, "0123456789")]
    [InlineData(0, 0L, "")]
    [InlineData(0, 3L, "012")]
    [InlineData(3, 4L, "3456")]
    [InlineData(9, 1L, "9")]
    [InlineData(9, 2L, "9")]
    [InlineData(10, null, "")]
    [InlineData(11, 5L, "")]
    [InlineData(4, long.MaxValue, "456789")]
    [InlineData(long.MaxValue, null, "")]
    [InlineData(long.MaxValue, long.MaxValue, "")]
    public async Task A_range_is_read(long offset, long? length, string expected)
    {
        await WriteAsync("file", "0123456789");
        Assert.Equal(expected, await ReadAsync("file", offset, length));
    }

    [Fact]
    public async Task A_range_is_checked()
    {
        await WriteAsync("file", "x");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReadAsync("file", -1));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ReadAsync("file", 0, -1));
        await FailsAsync("file-not-found", () => ReadAsync("none"));
        await FailsAsync("is-a-directory", () => ReadAsync(""));
    }

    [Fact]
    public async Task A_large_file_goes_there_and_back_with_little_memory()
    {
        using Pattern content = new(Large);
        await Files.WriteAsync(In("large"), content, cancellationToken: Ct);
        string expected = Convert.ToHexStringLower(content.Hash);
        Assert.StartsWith(expected, await BashAsync("sha256sum large"), StringComparison.Ordinal);
        await using Stream back = await Files.OpenReadAsync(In("large"), cancellationToken: Ct);
        Assert.Equal(expected, Convert.ToHexStringLower(await SHA256.HashDataAsync(back, Ct)));

        // The program that does it, in KiB.
        string memory = await PythonAsync("""
            import glob
            for status in glob.glob('/proc/[0-9]*/status'):
                try:
                    if b'.glovebox-files' in open(status[:-6] + 'cmdline', 'rb').read() or b'-files-' in open(status[:-6] + 'cmdline', 'rb').read():
                        print(*[line.split()[1] for line in open(status) if line.startswith('VmHWM')])
                except OSError:
                    pass
            """);
        Assert.All(memory.Split('\n', StringSplitOptions.RemoveEmptyEntries), kib => Assert.InRange(int.Parse(kib), 1, 48 << 10));
        Assert.NotEmpty(memory);
    }

    [Fact]
    public async Task A_sparse_file_is_read_at_its_far_end()
    {
        await BashAsync("truncate -s 1T sparse; printf end >> sparse");
        SandboxFile file = (await Files.GetAsync(In("sparse"), cancellationToken: Ct))!;
        Assert.Equal((1L << 40) + 3, file.Size);
        Assert.Equal("\0end", await ReadAsync("sparse", file.Size - 4));
    }

    [Fact]
    public async Task A_file_without_a_size_is_read_to_its_end()
    {
        Assert.Equal(0, (await Files.GetAsync("/proc/self/status", cancellationToken: Ct))!.Size);
        await using Stream stream = await Files.OpenReadAsync("/proc/self/status", cancellationToken: Ct);
        using StreamReader reader = new(stream);
        Assert.Contains("VmPeak", await reader.ReadToEndAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_file_is_not_opened()
    {
        await PythonAsync("import socket; os.mkfifo('pipe'); socket.socket(socket.AF_UNIX).bind('socket'); os.symlink('/dev/zero', 'zero')");
        foreach (string name in (string[])["pipe", "socket", "zero"])
        {
            await FailsAsync("not-a-file", () => ReadAsync(name));
            await FailsAsync("not-a-file", () => WriteAsync(name, "x"));
            await FailsAsync("not-a-file", () => WriteAsync(name, "x", new() { Appends = true }));
        }

        Assert.Equal(["pipe", "socket", "zero"], await NamesAsync());
    }

    [Fact]
    public async Task A_write_that_is_given_up_leaves_the_old_file()
    {
        await WriteAsync("file", "old");
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Endless content = new(after: 4 << 20, end.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Files.WriteAsync(In("file"), content, cancellationToken: end.Token));
        Assert.Equal("old", await ReadAsync("file"));

        // A stream of the caller's that fails is the caller's to hear of, as it is.
        Endless failing = new(after: 1 << 20, () => throw new IOException("of the caller's"));
        IOException error = await Assert.ThrowsAsync<IOException>(() => Files.WriteAsync(In("file"), failing, cancellationToken: Ct));
        Assert.Equal("of the caller's", error.Message);
        Assert.Equal("old", await ReadAsync("file"));
        await Eventually.HoldsAsync(async () => (await NamesAsync()).SequenceEqual(["file"]), "what was written is thrown away");
    }

    [Fact]
    public async Task A_read_that_is_given_up_ends_and_others_go_on()
    {
        await BashAsync("truncate -s 1G sparse");
        byte[] buffer = new byte[1000];
        for (int i = 0; i < 200; i++)
        {
            await using Stream stream = await Files.OpenReadAsync(In("sparse"), cancellationToken: Ct);
            Assert.True(await stream.ReadAsync(buffer, Ct) > 0);
        }

        await using Stream last = await Files.OpenReadAsync(In("sparse"), cancellationToken: Ct);
        using CancellationTokenSource end = new();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => last.ReadAsync(buffer, end.Token).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Files.GetAsync(Folder, cancellationToken: end.Token));
        await last.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => last.ReadAsync(buffer, Ct).AsTask());
        Assert.NotNull(await Files.GetAsync(Folder, cancellationToken: Ct));
    }

    [Fact]
    public async Task Only_so_many_operations_go_on_at_once()
    {
        await WriteAsync("file", new string('x', 1 << 20));
        List<Stream> open = [];
        try
        {
            await FailsAsync("too-many-operations", async () =>
            {
                while (true)
                {
                    open.Add(await Files.OpenReadAsync(In("file"), cancellationToken: Ct));
                }
            });
            Assert.Equal(128, open.Count);
            await open[0].DisposeAsync();
            Assert.NotNull(await Files.GetAsync(Folder, cancellationToken: Ct));
        }
        finally
        {
            foreach (Stream stream in open)
            {
                await stream.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Writes_to_one_file_at_the_same_time_leave_one_of_them_whole()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => WriteAsync("file", new string((char)('a' + i), 300_000))));
        string text = await ReadAsync("file");
        Assert.Equal(new string(text[0], 300_000), text);
        Assert.Equal(["file"], await NamesAsync());
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => WriteAsync("log", $"<{i}>", new() { Appends = true })));
        Assert.Equal(Enumerable.Range(0, 20).Sum(i => $"<{i}>".Length), (await ReadAsync("log")).Length);
    }

    /// <summary>Bytes that are not in memory, and the hash of those that were read.</summary>
    private sealed class Pattern(long length) : ContentStream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _at;

        public byte[] Hash => _hash.GetCurrentHash();

        public override int Read(Span<byte> buffer)
        {
            int count = (int)Math.Min(buffer.Length, length - _at);
            for (int i = 0; i < count; i++)
            {
                buffer[i] = (byte)((_at + i) * 31 >> 3);
            }

            _at += count;
            _hash.AppendData(buffer[..count]);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            _hash.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Never ends, but for what happens after so many bytes.</summary>
    private sealed class Endless(long after, Action happens) : ContentStream
    {
        private long _read;

        public override int Read(Span<byte> buffer)
        {
            _read += buffer.Length;
            if (_read > after)
            {
                happens();
            }

            return buffer.Length;
        }
    }
}
