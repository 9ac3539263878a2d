using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>The files of a work directory that only the guest agent reaches.</summary>
/// <remarks>The agent walks every path without following links. What it answers is the guest's word: sizes and names are checked.</remarks>
internal sealed class GuestWorkspace(AgentClient agent) : IWorkspace
{
    /// <summary>How many bytes go into one frame.</summary>
    public const int ChunkSize = 256 << 10;

    public async Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default)
    {
        GuestReply reply = await agent.RequestAsync(GuestFrameType.List, new(), cancellationToken).ConfigureAwait(false);
        return Listing(reply);
    }

    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        GuestFrameWriter frame = new GuestFrameWriter().Path(WorkspacePath.Normalize(path));
        GuestReply reply = await agent.RequestAsync(GuestFrameType.OpenRead, frame, cancellationToken).ConfigureAwait(false);
        return reply.Status == GuestReplyStatus.Done ? new GuestFileStream(agent, reply.Number) : throw Failure(path, reply);
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        cancellationToken.ThrowIfCancellationRequested();

        // The agent answers once, at the commit: a small file takes one exchange. A slow agent holds the channel back, and so the reading.
        uint handle = await agent.TellAsync(
            GuestFrameType.OpenWrite, new GuestFrameWriter().Path(WorkspacePath.Normalize(path))).ConfigureAwait(false);
        bool committed = false;
        try
        {
            byte[] buffer = new byte[content.CanSeek ? (int)Math.Clamp(content.Length - content.Position, 1, ChunkSize) : ChunkSize];
            int read;
            while ((read = await content.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await agent.TellAsync(
                    GuestFrameType.Write, new GuestFrameWriter().UInt32(handle).Bytes(buffer.AsSpan(0, read))).ConfigureAwait(false);
            }

            committed = true;
            GuestReply reply = await agent.RequestAsync(
                GuestFrameType.Commit, new GuestFrameWriter().UInt32(handle), cancellationToken).ConfigureAwait(false);
            if (reply.Status != GuestReplyStatus.Done)
            {
                throw Failure(path, reply);
            }
        }
        finally
        {
            if (!committed)
            {
                await CloseAsync(agent, handle).ConfigureAwait(false);
            }
        }
    }

    public async Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        GuestFrameWriter frame = new GuestFrameWriter().Path(WorkspacePath.Normalize(path));
        GuestReply reply = await agent.RequestAsync(GuestFrameType.Delete, frame, cancellationToken).ConfigureAwait(false);
        return reply.Status switch
        {
            GuestReplyStatus.Done => true,
            GuestReplyStatus.Missing => false,
            _ => throw Failure(path, reply),
        };
    }

    /// <summary>The listing that an answer holds.</summary>
    /// <exception cref="WorkspaceException">The answer is not a listing.</exception>
    internal static WorkspaceListing Listing(GuestReply reply)
    {
        if (reply.Status != GuestReplyStatus.Done)
        {
            throw Failure("", reply);
        }

        try
        {
            List<WorkspaceFile> files = [];
            foreach (byte[] part in reply.Parts.SkipLast(1))
            {
                ReadFiles(part, files);
            }

            files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
            return new WorkspaceListing(files, new GuestFrameReader(reply.Parts[^1]).Byte() != 0);
        }
        catch (GuestProtocolException e)
        {
            throw new WorkspaceException("The work directory cannot be listed: the answer makes no sense.", innerException: e);
        }
    }

    /// <summary>What an answer that is not "done" means for a file.</summary>
    internal static WorkspaceException Failure(string path, GuestReply reply) => reply.Status switch
    {
        GuestReplyStatus.Refused => WorkspacePath.Refused(path),
        GuestReplyStatus.Missing => WorkspacePath.NotFound(path),
        _ => new($"'{WorkspacePath.Printable(path)}' cannot be used: {reply.Reason}."),
    };

    internal static async Task CloseAsync(AgentClient agent, uint handle)
    {
        try
        {
            await agent.TellAsync(GuestFrameType.Close, new GuestFrameWriter().UInt32(handle)).ConfigureAwait(false);
        }
        catch (SandboxLostException)
        {
            // What was open is closed with the sandbox.
        }
    }

    private static void ReadFiles(ReadOnlySpan<byte> part, List<WorkspaceFile> files)
    {
        GuestFrameReader reader = new(part);
        while (!reader.IsAtEnd)
        {
            string path = reader.Path();
            long size = reader.Int64();
            long modified = reader.Int64();
            int stamp = HashCode.Combine(reader.Int64(), reader.Int64());
            bool hasSetIdBits = reader.Byte() != 0;
            if (files.Count >= WorkspaceListing.MaxFiles || size < 0 || !WorkspacePath.IsListed(path))
            {
                throw new GuestProtocolException("a listing has too many files, or one that cannot be");
            }

            files.Add(new WorkspaceFile(path, size, DateTimeOffset.UnixEpoch.AddTicks(modified / TimeSpan.NanosecondsPerTick))
            {
                HasSetIdBits = hasSetIdBits,
                ChangeStamp = stamp,
            });
        }
    }
}
