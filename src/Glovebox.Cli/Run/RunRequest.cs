namespace Glovebox.Cli.Run;

/// <summary>What a <c>glovebox run</c> was asked to do, checked.</summary>
internal sealed record RunRequest
{
    public required string? File { get; init; }

    public required string? Language { get; init; }

    public required string Executor { get; init; }

    public required string? Image { get; init; }

    public required TimeSpan? Timeout { get; init; }

    public required string? WorkDir { get; init; }

    public required NetworkAccess? Network { get; init; }

    public required long? Memory { get; init; }

    public required double? Cpus { get; init; }

    public required bool Approve { get; init; }

    public required bool Json { get; init; }
}
