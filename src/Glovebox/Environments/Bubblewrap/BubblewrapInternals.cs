namespace Glovebox.Environments.Bubblewrap;

/// <summary>What only tests change.</summary>
internal sealed record BubblewrapInternals
{
}
