using Glovebox.Cli.Run;

namespace Glovebox.Cli.Serve;

/// <summary>What <c>glovebox serve</c> was asked for. Null: the server's default.</summary>
internal sealed record ServeRequest
{
    /// <summary>Where code runs and what it may use.</summary>
    public required RunRequest Run { get; init; }

    public IReadOnlyList<string>? Listen { get; init; }

    public string? Data { get; init; }

    public required int MaxSessions { get; init; }

    public required int Pool { get; init; }

    public TimeSpan? IdleTimeout { get; init; }

    public TimeSpan? MaxLifetime { get; init; }

    public TimeSpan? Drain { get; init; }

    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    public string? Config { get; init; }

    public bool AuditIncludesCode { get; init; }

    public bool Quiet { get; init; }
}
