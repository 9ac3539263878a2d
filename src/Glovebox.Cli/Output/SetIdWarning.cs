namespace Glovebox.Cli.Output;

/// <summary>What is said beside the name of a file that has set-user-id or set-group-id bits.</summary>
internal static class SetIdWarning
{
    /// <summary>The words; empty for any other file.</summary>
    public static string Of(WorkspaceFile file) => file.HasSetIdBits ? " set-user-id: do not run it outside the sandbox" : "";
}
