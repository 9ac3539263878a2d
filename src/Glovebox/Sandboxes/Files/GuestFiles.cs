using System.Runtime.CompilerServices;

namespace Glovebox.Sandboxes.Files;

/// <summary>All files of a sandbox, reached by a program in it that has the guest's rights.</summary>
/// <param name="sandbox">The sandbox. Not owned.</param>
/// <param name="unavailable">Why there can be no such program. Null: there can.</param>
internal sealed class GuestFiles(ISandbox sandbox, SandboxUnavailableException? unavailable = null) : ISandboxFiles, IAsyncDisposable
{
    /// <summary>How many folders one watch has.</summary>
    private const int MostWatched = 10_000;

    /// <summary>How many bytes of paths and link targets one listing has: guest code makes them long.</summary>
    private const int ListRoom = 16 << 20;
    private const UnixFileMode AllPermissions = (UnixFileMode)0xFFF;

    private readonly FileConnections _connections = new(sandbox, unavailable);

    private byte[] Work => EscapedPath.ToBytes(EscapedPath.FromText(sandbox.WorkDirectory));

    public async Task<SandboxFile?> GetAsync(string path, bool followsLinks = true, CancellationToken cancellationToken = default)
    {
        FilePath file = Parse(path);
        try
        {
            return await UseAsync(
                file,
                new("get", file.Bytes) { Follows = followsLinks },
                async channel => (await AnswerAsync(channel, file, cancellationToken).ConfigureAwait(false)).File?.ToFile(file.Text)
                    ?? throw new InvalidDataException("nothing is said of a file"),
                cancellationToken).ConfigureAwait(false);
        }
        catch (SandboxFileException e) when (e.Code == FileErrors.NotFound)
        {
            return null;
        }
    }

    public Task<SandboxFileListing> ListAsync(string path, int depth = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, SandboxFileListing.MaxDepth);
        FilePath folder = Parse(path);
        return UseAsync(
            folder,
            new("list", folder.Bytes) { Depth = depth, Most = SandboxFileListing.MaxFiles, Room = ListRoom },
            async channel =>
            {
                await AnswerAsync(channel, folder, cancellationToken).ConfigureAwait(false);
                List<SandboxFile> files = [];
                int room = ListRoom;
                FileAnswer answer;
                while (!(answer = await AnswerAsync(channel, folder, cancellationToken).ConfigureAwait(false)).End)
                {
                    files.Add(answer.File is { } news && files.Count < SandboxFileListing.MaxFiles && (room -= news.Length) >= 0
                        ? news.ToFile(folder.Inside(FileNews.Inside(news.Path, depth)))
                        : throw new InvalidDataException("a list has too much, or nothing"));
                }

                files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
                return new SandboxFileListing(files, answer.Complete);
            },
            cancellationToken);
    }

    public async Task<Stream> OpenReadAsync(
        string path, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        FilePath file = Parse(path);
        FileChannel channel = await _connections.BeginAsync(
            file, new("read", file.Bytes) { Offset = offset, Length = length }, cancellationToken).ConfigureAwait(false);
        try
        {
            await AnswerAsync(channel, file, cancellationToken).ConfigureAwait(false);
            return new FileReadStream(_connections, channel, file, length ?? long.MaxValue);
        }
        catch (Exception e)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            if (FileConnections.IsBroken(e))
            {
                throw await _connections.FailedAsync(channel, file, e).ConfigureAwait(false);
            }

            throw;
        }
    }

    public async Task WriteAsync(
        string path, Stream content, SandboxFileWriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        options ??= new();
        FilePath file = Parse(path);
        FileOrder order = new("write", file.Bytes)
        {
            Append = options.Appends,
            Parents = options.MakesFolders,
            Mode = options.Permissions is { } permissions ? Checked(permissions) : null,
        };
        FileChannel channel = await _connections.BeginAsync(file, order, cancellationToken).ConfigureAwait(false);
        Task<FileAnswer> answer = Task.FromResult(new FileAnswer());
        try
        {
            // The answer may come before the end, and then says why there will be none.
            answer = channel.ReceiveAsync(cancellationToken).AsTask();
            byte[] buffer = new byte[sizeof(uint) + PieceLength(content)];
            int read;
            do
            {
                read = await content.ReadAsync(buffer.AsMemory(sizeof(uint)), cancellationToken).ConfigureAwait(false);
            }
            while (await SendAsync(buffer.AsMemory(0, sizeof(uint) + read)).ConfigureAwait(false) && read > 0);

            bool isWhole = read == 0;
            FileAnswer said = await UnbrokenAsync(answer).ConfigureAwait(false);
            if (said.Error is { } word)
            {
                throw FileErrors.Of(word, file.Text);
            }

            if (!isWhole)
            {
                throw await _connections.FailedAsync(channel, file, new InvalidDataException("it has written what it did not get"))
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<bool> SendAsync(Memory<byte> piece)
        {
            if (answer.IsCompleted)
            {
                return false;
            }

            try
            {
                await channel.SendPieceAsync(piece, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (IOException)
            {
                // What was answered, or how the connection ended, says more.
                return false;
            }
        }

        async Task<FileAnswer> UnbrokenAsync(Task<FileAnswer> reading)
        {
            try
            {
                return await reading.ConfigureAwait(false);
            }
            catch (Exception e) when (FileConnections.IsBroken(e))
            {
                throw await _connections.FailedAsync(channel, file, e).ConfigureAwait(false);
            }
        }
    }

    public Task<bool> CreateDirectoryAsync(string path, CancellationToken cancellationToken = default)
    {
        FilePath folder = Parse(path);
        return DoAsync(folder, new("make", folder.Bytes), cancellationToken);
    }

    public Task MoveAsync(string path, string newPath, bool overwrites = false, CancellationToken cancellationToken = default)
    {
        FilePath file = Parse(path);
        return DoAsync(
            file, new("move", file.Bytes) { To = Parse(newPath).Bytes, Overwrites = overwrites, Work = Work }, cancellationToken);
    }

    public Task<bool> DeleteAsync(string path, bool isRecursive = false, CancellationToken cancellationToken = default)
    {
        FilePath file = Parse(path);
        return DoAsync(file, new("delete", file.Bytes) { Recursive = isRecursive, Work = Work }, cancellationToken);
    }

    public Task SetPermissionsAsync(string path, UnixFileMode permissions, CancellationToken cancellationToken = default)
    {
        FilePath file = Parse(path);
        return DoAsync(file, new("permissions", file.Bytes) { Mode = Checked(permissions) }, cancellationToken);
    }

    public IAsyncEnumerable<SandboxFileEvent> WatchAsync(
        string path, bool isRecursive = false, CancellationToken cancellationToken = default) =>
        WatchAsync(Parse(path), isRecursive, cancellationToken);

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    private async IAsyncEnumerable<SandboxFileEvent> WatchAsync(
        FilePath folder, bool isRecursive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FileOrder order = new("watch", folder.Bytes) { Recursive = isRecursive, Most = MostWatched };
        FileChannel channel = await _connections.BeginAsync(folder, order, cancellationToken).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            await NextAsync(c => AnswerAsync(c, folder, cancellationToken)).ConfigureAwait(false);
            yield return new SandboxFileEvent(SandboxFileEventKind.Started, folder.Text) { IsDirectory = true };
            SandboxFileEvent happened;
            do
            {
                happened = await NextAsync(async c =>
                    FileEvents.Read(await AnswerAsync(c, folder, cancellationToken).ConfigureAwait(false), folder)).ConfigureAwait(false);
                yield return happened;
            }
            while (happened.Kind != SandboxFileEventKind.Ended);
        }

        async Task<T> NextAsync<T>(Func<FileChannel, Task<T>> next)
        {
            try
            {
                return await next(channel).ConfigureAwait(false);
            }
            catch (Exception e) when (FileConnections.IsBroken(e))
            {
                throw await _connections.FailedAsync(channel, folder, e).ConfigureAwait(false);
            }
        }
    }

    private FilePath Parse(string path) => FilePath.Parse(path, sandbox.WorkDirectory);

    private static int Checked(UnixFileMode permissions) => (permissions & ~AllPermissions) == 0
        ? (int)permissions
        : throw new ArgumentOutOfRangeException(nameof(permissions), permissions, "These are no permissions of a file.");

    /// <summary>How much of it is sent at once.</summary>
    private static int PieceLength(Stream content) =>
        content.CanSeek ? (int)Math.Clamp(content.Length - content.Position, 1, FileChannel.PieceLength) : FileChannel.PieceLength;

    private static async Task<FileAnswer> AnswerAsync(FileChannel channel, FilePath file, CancellationToken cancellationToken)
    {
        FileAnswer answer = await channel.ReceiveAsync(cancellationToken).ConfigureAwait(false);
        return answer.Error is { } word ? throw FileErrors.Of(word, file.Text) : answer;
    }

    private Task<bool> DoAsync(FilePath file, FileOrder order, CancellationToken cancellationToken) => UseAsync(
        file,
        order,
        async channel => (await AnswerAsync(channel, file, cancellationToken).ConfigureAwait(false)).Done ?? true,
        cancellationToken);

    private async Task<T> UseAsync<T>(
        FilePath file, FileOrder order, Func<FileChannel, Task<T>> use, CancellationToken cancellationToken)
    {
        FileChannel channel = await _connections.BeginAsync(file, order, cancellationToken).ConfigureAwait(false);
        await using (channel.ConfigureAwait(false))
        {
            try
            {
                return await use(channel).ConfigureAwait(false);
            }
            catch (Exception e) when (FileConnections.IsBroken(e))
            {
                throw await _connections.FailedAsync(channel, file, e).ConfigureAwait(false);
            }
        }
    }
}
