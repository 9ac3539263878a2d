using Glovebox.Egress;
using Glovebox.Server.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Server.Sessions;

/// <summary>What a client wants of a session, whichever API it speaks. Null: as the template says.</summary>
internal sealed record SessionRequest
{
    public string Template { get; init; } = GloveboxServerOptions.DefaultTemplate;

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public TimeSpan? IdleTimeout { get; init; }

    public TimeSpan? Lifetime { get; init; }

    /// <summary>The time-out of blocks that name none.</summary>
    public TimeSpan? Timeout { get; init; }

    public long? Memory { get; init; }

    public double? Cpus { get; init; }

    public int? MaxProcesses { get; init; }

    public long? DiskSpace { get; init; }

    public NetworkAccess? Network { get; init; }

    public IReadOnlyList<string> AllowedDomains { get; init; } = [];

    public IReadOnlyList<EgressSecret> Secrets { get; init; } = [];

    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Functions of the client.</summary>
    public IReadOnlyList<AITool> Functions { get; init; } = [];

    /// <summary>The calls of those functions.</summary>
    public PendingCalls? Calls { get; init; }

    /// <summary>Whether any executor of the template serves it, so that one that waits can.</summary>
    public bool IsPlain => Environment.Count == 0 && Timeout is null && Memory is null && Cpus is null && MaxProcesses is null
        && DiskSpace is null && Network is null && AllowedDomains.Count == 0 && Secrets.Count == 0 && Packages.Count == 0
        && Functions.Count == 0;
}
