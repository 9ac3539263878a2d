using Glovebox.Sandboxes.Agent;

namespace Glovebox.Sandboxes.Files;

/// <summary>A range of a file, as its reader asks for it.</summary>
internal sealed class FileReadStream(FileConnections connections, FileChannel channel, FilePath file, long length) : SequentialStream
{
    private long _left = length;
    private bool _isOver;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        if (buffer.IsEmpty || _isOver)
        {
            return 0;
        }

        try
        {
            int read = await channel.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            _isOver = read == 0;
            _left -= read;
            return _left >= 0 ? read : throw new InvalidDataException("there is more than was asked for");
        }
        catch (FileFailureException e)
        {
            throw Unreadable(FileErrors.Of(e.Message, file.Text));
        }
        catch (Exception e) when (FileConnections.IsBroken(e))
        {
            ThrowIfClosed();
            throw Unreadable(await connections.FailedAsync(channel, file, e).ConfigureAwait(false));
        }
    }

    protected override Task CloseAsync() => channel.DisposeAsync().AsTask();

    private static IOException Unreadable(CodeExecutionException why) => new($"The file cannot be read any further: {why.Message}", why);
}
