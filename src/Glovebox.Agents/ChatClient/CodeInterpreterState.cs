using Glovebox.Agents.Sessions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>What is remembered with a session from request to request.</summary>
internal sealed class CodeInterpreterState
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string Path, string Identity)> _written = [];
    private List<AIContent> _kept = [];

    public static CodeInterpreterState Of(CodeSession session)
    {
        lock (session)
        {
            return (CodeInterpreterState)(session.State ??= new CodeInterpreterState());
        }
    }

    /// <summary>Writes the inputs that the session does not have yet. One that guest code changed or deleted since stays so.</summary>
    public async Task WriteAsync(IReadOnlyList<CodeInterpreterInput> inputs, IWorkspace workspace, CancellationToken cancellationToken)
    {
        foreach (CodeInterpreterInput input in inputs)
        {
            lock (_lock)
            {
                if (_written.Contains((input.Path, input.Identity)))
                {
                    continue;
                }
            }

            if (await input.OpenAsync(cancellationToken).ConfigureAwait(false) is { } content)
            {
                await using (content.ConfigureAwait(false))
                {
                    await workspace.WriteAsync(input.Path, content, cancellationToken).ConfigureAwait(false);
                }
            }

            lock (_lock)
            {
                _written.Add((input.Path, input.Identity));
            }
        }
    }

    public void Keep(IReadOnlyList<AIContent> results)
    {
        lock (_lock)
        {
            _kept.AddRange(results);
        }
    }

    public List<AIContent> TakeKept()
    {
        lock (_lock)
        {
            (List<AIContent> kept, _kept) = (_kept, []);
            return kept;
        }
    }
}
