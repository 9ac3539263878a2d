using System.Text;
using Glovebox.Environments;

namespace Glovebox.Docker.Containers;

/// <summary>Asks a guest which network interfaces its container has.</summary>
internal static class ContainerNetwork
{
    private const string Loopback = "lo";

    /// <summary>Prints each interface with its flags. Where the guest is root, that part of <c>/sys</c> is hidden: an interface is up then if it has
    /// a route or an address.</summary>
    private const string Show = """
        if cd /sys/class/net 2>/dev/null; then
            for name in *; do read -r flags <"$name/flags" && echo "$name $flags"; done
            exit
        fi
        ways=
        for file in /proc/net/route /proc/net/if_inet6; do
            while read -r line; do ways="$ways $line"; done <$file
        done 2>/dev/null
        case $ways in *Iface*) ;; *) exit 1;; esac
        while IFS=' :' read -r name rest; do
            case $rest in [0-9]*) ;; *) continue;; esac
            case $ways in *"$name"*) echo "$name 0x1";; *) echo "$name 0x0";; esac
        done </proc/net/dev
        """;

    /// <summary>The interfaces other than the loopback. Tunnels of the kernel's that lead nowhere, and are down, do not count.</summary>
    /// <exception cref="EnvironmentUnavailableException">The guest does not tell: it may have any.</exception>
    public static async Task<IReadOnlyList<string>> InterfacesAsync(IContainerGuest guest, CancellationToken cancellationToken)
    {
        Lines lines = new();
        ProcessExit? exit = await guest.RunAsync(new GuestCommand(["sh"], ["-c", Show]), lines, cancellationToken).ConfigureAwait(false);
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
