using Glovebox.Sandboxes.Services;

namespace Glovebox.Interpreters;

/// <summary>The program that keeps interpreters, with the guest's rights.</summary>
internal static class InterpreterProgram
{
    private static readonly GuestProgram Program =
        new("Glovebox.Interpreters", ["wire", "displays", "blocks", "copies", "interpreter", "tree", "contexts", "shell", "supervisor"]);

    /// <summary>The program.</summary>
    public static ReadOnlyMemory<byte> Source => Program.Source;
}
