namespace Glovebox.Cli.Output;

/// <summary>The warning beside the name of a file that has set-user-id or set-group-id bits.</summary>
internal static class SetIdWarning
{
    /// <summary>Gets the warning; empty for any other file.</summary>
    public static string Of(WorkspaceFile file) => file.HasSetIdBits ? " set-user-id: do not run it outside the sandbox" : "";
}
