using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>What is remembered with a session's executor from request to request.</summary>
internal sealed class CodeInterpreterState
{
    private static readonly ConditionalWeakTable<ICodeExecutor, CodeInterpreterState> States = [];

    private readonly ConcurrentDictionary<(string Path, string Identity), bool> _written = new();
    private readonly ConcurrentQueue<AIContent> _kept = new();

    public static CodeInterpreterState Of(ICodeExecutor executor) => States.GetOrCreateValue(executor);

    /// <summary>Writes the inputs that the session does not have yet. One that guest code changed or deleted since stays so.</summary>
    public async Task WriteAsync(IReadOnlyList<CodeInterpreterInput> inputs, IWorkspace workspace, CancellationToken cancellationToken)
    {
        foreach (CodeInterpreterInput input in inputs.Where(i => !_written.ContainsKey((i.Path, i.Identity))))
        {
            if (await input.OpenAsync(cancellationToken).ConfigureAwait(false) is { } content)
            {
                await using (content.ConfigureAwait(false))
                {
                    await workspace.WriteAsync(input.Path, content, cancellationToken).ConfigureAwait(false);
                }
            }

            _written[(input.Path, input.Identity)] = true;
        }
    }

    /// <summary>Keeps results for the next request of the conversation.</summary>
    public void Keep(IEnumerable<AIContent> results)
    {
        foreach (AIContent result in results)
        {
            _kept.Enqueue(result);
        }
    }

    /// <summary>Gives what was kept, once.</summary>
    public List<AIContent> TakeKept()
    {
        List<AIContent> taken = [];
        while (_kept.TryDequeue(out AIContent? kept))
        {
            taken.Add(kept);
        }

        return taken;
    }
}
