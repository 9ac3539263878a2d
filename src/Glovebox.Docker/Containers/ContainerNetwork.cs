namespace Glovebox.Docker.Containers;

/// <summary>Asks inside which network interfaces its container has.</summary>
internal static class ContainerNetwork
{
    private const string Loopback = "lo";

    /// <summary>Prints each interface with its flags. Where the guest is root, that part of <c>/sys</c> is hidden: an interface is up then
    /// if it has a route or an address.</summary>
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
    /// <exception cref="SandboxUnavailableException">The guest does not tell: it may have any.</exception>
    public static async Task<IReadOnlyList<string>> InterfacesAsync(ISandbox sandbox, CancellationToken cancellationToken)
    {
        BoundedText lines = new(OutputStream.StandardOutput);
        ProcessExit exit = await sandbox.RunAsync(new ProcessRequest(["sh"], ["-c", Show]) { Output = lines }, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        string[] found = lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (exit.ExitCode != 0 || !found.Any(l => l.StartsWith(Loopback + " ", StringComparison.Ordinal)))
        {
            throw new SandboxUnavailableException(
                "network-not-cut", "The container does not tell which network it has after the set-up.", "Use Network = None, or report this with the version of your engine.");
        }

        return [.. found.Where(IsUp).Select(l => WorkspacePath.Printable(l.Split(' ')[0])).Where(n => n != Loopback)];
    }

    private static bool IsUp(string line)
    {
        string flags = line.Split(' ')[^1];
        return !flags.StartsWith("0x", StringComparison.Ordinal)
            || !int.TryParse(
                flags[2..], System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture, out int value)
            || (value & 1) != 0;
    }
}
