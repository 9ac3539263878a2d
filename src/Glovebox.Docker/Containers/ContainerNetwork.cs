using System.Text;
using Glovebox.Environments;

namespace Glovebox.Docker.Containers;

/// <summary>Asks a guest which network interfaces its container has.</summary>
internal static class ContainerNetwork
{
    private const string Loopback = "lo";

    /// <summary>The interfaces other than the loopback. Tunnels of the kernel's that lead nowhere, and are down, do not count.</summary>
    /// <exception cref="EnvironmentUnavailableException">The guest does not tell: it may have any.</exception>
    public static async Task<IReadOnlyList<string>> InterfacesAsync(IContainerGuest guest, CancellationToken cancellationToken)
    {
        // Routes and addresses are what leads out; each kind of address has its own file.
        Lines lines = new();
        ProcessExit? exit = await guest.RunAsync(
            new GuestCommand(["sh"], ["-c", "cd /sys/class/net && for name in *; do read -r flags <\"$name/flags\" && echo \"$name $flags\"; done"]), lines, cancellationToken)
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        string[] found = lines.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (exit is not { ExitCode: 0 } || !found.Any(l => l.StartsWith(Loopback + " ", StringComparison.Ordinal)))
        {
            throw new EnvironmentUnavailableException(
                "network-not-cut", "The container does not tell which network it has after the set-up.", "Use Network = None, or report this with the version of your engine.");
        }

        return [.. found.Where(IsUp).Select(l => WorkspacePath.Printable(l.Split(' ')[0])).Where(n => n != Loopback)];
    }

    private static bool IsUp(string line)
    {
        string flags = line.Split(' ')[^1];
        return !flags.StartsWith("0x", StringComparison.Ordinal)
            || !int.TryParse(flags[2..], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out int value)
            || (value & 1) != 0;
    }

    private sealed class Lines : IOutputSink
    {
        private const int Longest = 8 << 10;
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Write(OutputStream stream, ReadOnlySpan<byte> data)
        {
            if (stream == OutputStream.StandardOutput && _text.Length < Longest)
            {
                _text.Append(Encoding.UTF8.GetString(data));
            }
        }
    }
}
