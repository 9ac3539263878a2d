using System.Net;

namespace Glovebox.Jupyter.Client;

/// <summary>Explains why a Jupyter server cannot be used.</summary>
internal static class JupyterErrors
{
    public static string At(Uri root) => "at " + root.GetLeftPart(UriPartial.Path);

    public static SandboxUnavailableException Unreachable(string where, Exception cause) => new(
        "jupyter-unreachable",
        $"No Jupyter server answers {where}: {cause.Message}",
        "Start it, or correct Url; a Jupyter Server prints its URL when it starts.",
        cause);

    public static SandboxUnavailableException NotJupyter(string where, string what, Exception? cause = null) => new(
        "jupyter-not-a-server",
        $"What answers {where} is not a Jupyter Server or Kernel Gateway: {what}.",
        "Correct Url: it is the server's root, with the path of its base URL if it has one.",
        cause);

    public static SandboxUnavailableException TokenRefused(string where, HttpStatusCode status) => new(
        "jupyter-token-refused",
        $"The Jupyter server {where} refused the token ({(int)status}).",
        "Set Token to what the server was started with; it prints it in its URL.");

    public static SandboxUnavailableException KernelMissing(string where, string name, IEnumerable<string> others) => new(
        "jupyter-kernel-missing",
        $"The Jupyter server {where} has no kernel '{name}'. It has: {Names(others)}.",
        name == KernelOptions.DefaultName
            ? "Install ipykernel beside the server: pip install ipykernel, or apt-get install python3-ipykernel."
            : "Set KernelName to one of these, or install that kernel beside the server.");

    public static SandboxUnavailableException KernelFailed(string where, string name, string what) => new(
        "jupyter-kernel-failed",
        $"The kernel '{name}' does not start on the Jupyter server {where}: {what}.",
        "See the server's log.");

    public static SandboxLostException ServerLost(string where, Exception? cause = null) => new(
        $"The Jupyter server {where} has gone.", "Start it again; the next execution connects again.", cause);

    private static string Names(IEnumerable<string> names)
    {
        string[] shown = [.. names.Order(StringComparer.Ordinal).Take(20).Select(WorkspacePath.Printable)];
        return shown.Length == 0 ? "none" : string.Join(", ", shown);
    }
}
