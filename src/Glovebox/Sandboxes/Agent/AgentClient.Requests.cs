using Glovebox.Functions.Setup;
using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <content>Requests that the agent answers.</content>
internal sealed partial class AgentClient
{
    /// <summary>Ends the set-up: from here on, the agent starts nothing that has more than guest code may have.</summary>
    /// <param name="request">Python modules to import into the interpreter that is forked, and variables for guest code alone.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The modules that could not be imported, a line each; empty when all were.</returns>
    /// <exception cref="IOException">The channel ended, or the agent refused: nothing may run then.</exception>
    public async Task<string> SealAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        GuestReply reply = await RequestAsync(
            GuestFrameType.Seal,
            new GuestFrameWriter().Texts(request.Preload).Texts([.. request.SealedVariables.SelectMany(v => new[] { v.Key, v.Value })]),
            cancellationToken).ConfigureAwait(false);
        return reply is { Status: GuestReplyStatus.Done, Words: { } notLoaded } ? notLoaded : throw new IOException($"{reply.Reason}.");
    }

    /// <summary>Lets guest code import modules and run programs. Before the seal.</summary>
    /// <param name="offer">What there is, and where.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="IOException">The channel ended, or the agent cannot write the files.</exception>
    public async Task OfferFunctionsAsync(GuestOffer offer, CancellationToken cancellationToken)
    {
        GuestFrameWriter frame = new GuestFrameWriter()
            .Texts(offer.ModuleFolders)
            .Text(offer.ProgramFolder)
            .Texts([.. offer.Files.SelectMany(f => new[] { f.Path, f.Text, f.IsProgram ? "x" : "" })]);
        GuestReply reply = await RequestAsync(GuestFrameType.Functions, frame, cancellationToken).ConfigureAwait(false);
        if (reply.Status != GuestReplyStatus.Done)
        {
            throw new IOException($"The guest agent cannot offer functions: {reply.Reason}.");
        }
    }

    /// <summary>Ends every process but the services and what descends from them.</summary>
    /// <exception cref="SandboxLostException">The channel ended first.</exception>
    public Task SweepAsync(CancellationToken cancellationToken) => RequestAsync(GuestFrameType.Sweep, new(), cancellationToken);

    /// <summary>Tells a run something that the agent does to it.</summary>
    /// <returns>Whether it was there to be told.</returns>
    /// <exception cref="SandboxLostException">The channel ended first.</exception>
    /// <exception cref="IOException">The agent cannot.</exception>
    public async Task<bool> TellRunAsync(
        GuestFrameType type, uint run, ushort first, ushort second, CancellationToken cancellationToken)
    {
        GuestFrameWriter frame = new GuestFrameWriter().UInt32(run).UInt16(first).UInt16(second);
        GuestReply reply = await RequestAsync(type, frame, cancellationToken).ConfigureAwait(false);
        return reply.Status switch
        {
            GuestReplyStatus.Done => true,
            GuestReplyStatus.Missing => false,
            _ => throw new IOException($"The guest agent cannot tell the process that: {reply.Reason}."),
        };
    }

    /// <summary>Asks the agent for something and waits for the whole answer.</summary>
    /// <param name="type">What for.</param>
    /// <param name="frame">The request.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <param name="given">The number of the request; null: the next one.</param>
    /// <exception cref="SandboxLostException">The channel ended first.</exception>
    public async Task<GuestReply> RequestAsync(
        GuestFrameType type, GuestFrameWriter frame, CancellationToken cancellationToken, uint? given = null)
    {
        uint number = given ?? NextNumber();
        PendingRequest request = new();
        _requests[number] = request;
        try
        {
            if (Ended.IsCompleted || !await TrySendAsync(frame.Frame(type, number)).ConfigureAwait(false))
            {
                request.Lose();
            }

            return await request.Reply.WaitAsync(cancellationToken).ConfigureAwait(false) with { Number = number };
        }
        finally
        {
            _requests.TryRemove(number, out _);
        }
    }

    /// <summary>Tells the agent something that it does not answer, and gives the number that it was told under.</summary>
    /// <exception cref="SandboxLostException">The channel has ended.</exception>
    public async Task<uint> TellAsync(GuestFrameType type, GuestFrameWriter frame)
    {
        uint number = NextNumber();
        return await TrySendAsync(frame.Frame(type, number)).ConfigureAwait(false) ? number : throw Lost();
    }

    internal static SandboxLostException Lost() => new("The sandbox has ended.");
}

/// <summary>A request that the agent has yet to answer.</summary>
internal sealed class PendingRequest
{
    /// <summary>How many bytes an answer may have in all: more than any listing takes.</summary>
    private const int MaxReply = 64 << 20;

    /// <summary>What each part of an answer takes beside its bytes, about.</summary>
    private const int PartOverhead = 64;

    private readonly TaskCompletionSource<GuestReply> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte[]> _parts = [];
    private int _size;

    public Task<GuestReply> Reply => _reply.Task;

    /// <summary>Takes a part of the answer. Tells whether it is the last one.</summary>
    public bool Take(GuestReplyStatus status, ReadOnlySpan<byte> payload)
    {
        _size += payload.Length + PartOverhead;
        if (_size > MaxReply || status > GuestReplyStatus.Failed)
        {
            throw new GuestProtocolException("a reply is too long, or has an unknown status");
        }

        _parts.Add(payload.ToArray());
        return status != GuestReplyStatus.More && _reply.TrySetResult(new GuestReply(status, _parts));
    }

    /// <summary>Says that no answer will come. The request may have been given up already.</summary>
    public void Lose()
    {
        _reply.TrySetException(AgentClient.Lost());
        _ = _reply.Task.Exception;
    }
}

/// <summary>The answer to a request.</summary>
/// <param name="Status">What came of it.</param>
/// <param name="Parts">What each frame of the answer held.</param>
internal sealed record GuestReply(GuestReplyStatus Status, IReadOnlyList<byte[]> Parts)
{
    /// <summary>The number of the request.</summary>
    public uint Number { get; init; }

    /// <summary>The text of the answer; null: it holds no text.</summary>
    public string? Words
    {
        get
        {
            try
            {
                return new GuestFrameReader(Parts[^1]).Text();
            }
            catch (GuestProtocolException)
            {
                return null;
            }
        }
    }

    /// <summary>The reason for a failure, fit to be shown.</summary>
    public string Reason => Words is { } words ? WorkspacePath.Printable(words) : "the agent gives no reason";
}

/// <summary>What the agent is told of functions. Every path is the guest's.</summary>
/// <param name="ModuleFolders">Folders of Python modules.</param>
/// <param name="ProgramFolder">The folder of programs.</param>
internal sealed record GuestOffer(IReadOnlyList<string> ModuleFolders, string ProgramFolder)
{
    /// <summary>Files for the agent to write; empty where the guest sees them already.</summary>
    public IReadOnlyList<FunctionFile> Files { get; init; } = [];
}
