namespace Glovebox.Egress;

/// <summary>Tells of what happens on one connection of the guest.</summary>
/// <param name="report">Gets the events.</param>
/// <param name="connection">Its number.</param>
internal sealed class EgressReport(Func<EgressEvent, Task> report, long connection)
{
    private const int MaxPath = 1000;
    private const int MaxHost = 255;
    private const int MaxMethod = 255;

    private (string Host, int Port)? _last;

    public Task AllowedAsync(EgressGrant grant, string? rule, string? method = null, string? target = null)
    {
        _last = (grant.Host.ToString(), grant.Port);
        return report(new EgressEvent(EgressEventKind.Allowed, connection, grant.Host.ToString(), grant.Port)
        {
            Rule = rule,
            Method = Method(method),
            Path = Path(target),
            Secrets = [.. grant.Secrets.Select(s => s.Name)],
        });
    }

    public Task RefusedAsync(string host, int port, EgressRefusal why, string? method = null, string? target = null) =>
        report(new EgressEvent(EgressEventKind.Refused, connection, Host(host), port)
        {
            Reason = why.Reason,
            Method = Method(method),
            Path = Path(target),
        });

    /// <summary>Tells of the end of a connection on which something was allowed.</summary>
    public Task ClosedAsync(long sent, long received, string? reason) => _last is not { } last ? Task.CompletedTask
        : report(new EgressEvent(EgressEventKind.Closed, connection, last.Host, last.Port)
        {
            BytesSent = sent,
            BytesReceived = received,
            Reason = reason,
        });

    /// <summary>What is asked for, without the part in which keys are sent.</summary>
    public static string WithoutQuery(string target) => target.IndexOf('?') is >= 0 and int query ? target[..query] : target;

    private static string? Method(string? method) => method is null ? null : Cut(WorkspacePath.Printable(method), MaxMethod);

    private static string? Path(string? target) =>
        target is null ? null : Cut(WorkspacePath.Printable(WithoutQuery(target)), MaxPath);

    private static string Host(string host) =>
        HostName.TryParse(host, out HostName name) ? name.ToString() : Cut(WorkspacePath.Printable(host), MaxHost);

    private static string Cut(string text, int most) => text.Length <= most ? text : text[..most];
}
