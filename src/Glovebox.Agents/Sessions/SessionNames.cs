using Microsoft.Agents.AI;

namespace Glovebox.Agents.Sessions;

/// <summary>The pool's session of an agent's session. Its name is part of the agent session's state.</summary>
internal static class SessionNames
{
    public const string StateKey = "glovebox.session";

    public static string New() => "agent:" + Guid.NewGuid().ToString("n");

    /// <summary>Gives the name, making one that cannot be guessed at the first time.</summary>
    public static string Of(AgentSession session)
    {
        if (session.StateBag.TryGetValue(StateKey, out string? name) && name is not null)
        {
            return name;
        }

        name = New();
        session.StateBag.SetValue(StateKey, name);
        return name;
    }
}
