namespace Glovebox.Tests.Cli.Support;

/// <summary>Replies in Markdown, as a model writes them.</summary>
internal static class Replies
{
    public static string Of(params (string Language, string Code)[] blocks) =>
        "This is what you asked for.\n\n" + string.Concat(blocks.Select(b => $"```{b.Language}\n{b.Code}\n```\n\nAnd then:\n\n"));

    public static string Python(string code) => Of(("python", code));

    /// <summary>Python that runs until it is killed, and that <see cref="HostProcesses"/> finds by the marker.</summary>
    public static string Endless(string marker) => Python($"""
        import os
        print("started", flush=True)
        os.execvp("sleep", ["{marker}", "600"])
        """);

    /// <summary>Writes a reply into a folder and gives its path.</summary>
    public static string Save(this TestFolder folder, string content, string name = "reply.md")
    {
        File.WriteAllText(folder[name], content);
        return folder[name];
    }
}
