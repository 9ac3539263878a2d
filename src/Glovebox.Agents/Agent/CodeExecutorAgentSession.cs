using System.Text.Json;
using Microsoft.Agents.AI;

namespace Glovebox.Agents.Agent;

/// <summary>A conversation with a <see cref="CodeExecutorAgent"/>. All of it is in the state bag.</summary>
internal sealed class CodeExecutorAgentSession : AgentSession
{
    public CodeExecutorAgentSession()
    {
    }

    public CodeExecutorAgentSession(JsonElement state)
        : base(AgentSessionStateBag.Deserialize(state))
    {
    }
}
