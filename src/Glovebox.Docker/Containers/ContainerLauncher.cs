using System.Globalization;
using Glovebox.Sandboxes.Agent;

namespace Glovebox.Docker.Containers;

/// <summary>The first program of a container: a shell that makes the guest's directories ready and then becomes the guest agent, or,
/// in an image without Python, stays and ends what it is told to end.</summary>
internal static class ContainerLauncher
{
    public const string WorkDirectory = "/workspace";

    /// <summary>Only root enters it.</summary>
    public const string AgentFolder = "/run/glovebox";

    /// <summary>Where the files of <see cref="ProgramSettings"/> are.</summary>
    public const string SettingsFolder = "/etc/glovebox";

    /// <summary>What the shell says before it becomes the agent.</summary>
    public const byte AgentMark = (byte)'A';

    /// <summary>What it says when it stays.</summary>
    public const byte PlainMark = (byte)'P';

    /// <summary>What ends every process of the container but its first and the one that waits for this word.</summary>
    public static ReadOnlyMemory<byte> KillWord { get; } = "kill\n"u8.ToArray();

    /// <summary>They would land in the work directory, or with the host's crash handler. By the shell: not every engine may set
    /// limits.</summary>
    public const string NoCoreDumps = "ulimit -c 0\n";

    /// <summary>Waits for words on the container's standard input, says when each is obeyed, and ends with that input. The first process
    /// only waits, because to wait is to bury what the guest left behind.</summary>
    private const string Stay = """
        printf P
        exec 3<&0 </dev/null
        (
            while read -r word <&3; do
                if [ "$word" = kill ]; then
                    kill -9 -1
                    printf k
                fi
            done
        ) 2>/dev/null &
        wait $!
        """;

    /// <summary>The container outlives its host: nothing is read, and it ends only from outside.</summary>
    private const string StayForever = """
        printf P
        while :; do
            sleep 2147483647 </dev/null &
            wait $!
        done
        """;

    /// <summary>The entry point.</summary>
    /// <param name="user">The guest.</param>
    /// <param name="ownsWork">Whether the work directory is ours to give to the guest.</param>
    /// <param name="usesAgent">Whether the agent is used where there is Python.</param>
    /// <param name="stays">Whether the container outlives its host.</param>
    public static IList<string> Command(UserId user, bool ownsWork, bool usesAgent, bool stays)
    {
        string folders = ownsWork ? $"{GuestVariables.Home} {WorkDirectory}" : GuestVariables.Home;

        // A read-only root or a home that the image has is no reason to fail. What cannot be given away is opened to all: nobody else is
        // here.
        string prepare = string.Create(
            CultureInfo.InvariantCulture,
            $"mkdir -p {folders}\nchown {user.Uid}:{user.Gid} {folders} || chmod 777 {folders}\n");
        KeyValuePair<string, string>[] files = [.. ProgramSettings.Files];
        prepare += string.Concat(files.Select((file, i) => $"printf %s \"${{{i + 2}}}\" >{SettingsFolder}/{file.Key}\n"));

        // An image may name settings of pip that it cannot do without.
        const string Agent = $$"""
            export {{ProgramSettings.Pip}}="${{{ProgramSettings.Pip}}:-{{SettingsFolder}}/pip.conf}"
            for name in python3 python; do
                python=$(command -v "$name") && [ -x "$python" ] &&
                    "$python" -c 'import sys, ctypes; sys.exit(sys.version_info < (3, 8))' &&
                    printf A && exec "$python" -c "$1"
            done

            """;

        // Python imports from where it is started: in the work directory that would be code of an earlier guest, for root.
        string script = "cd /\numask 022\n" + NoCoreDumps + "{\n" + prepare + "} 2>/dev/null\n" + (usesAgent ? Agent : "") + (
            stays ? StayForever : Stay);
        return ["/bin/sh", "-c", script, "glovebox", AgentSource.Bootstrap, .. files.Select(file => file.Value)];
    }

    /// <summary>The environment variables that every guest program has, but for PATH, which is the image's.</summary>
    /// <param name="request">What the sandbox is made of. Its own variables win.</param>
    public static Dictionary<string, string> Variables(SandboxRequest request)
    {
        Dictionary<string, string> variables = GuestVariables.Defaults(request.Policy.GuestHasNetwork, request.Variables);
        variables["PIP_ROOT_USER_ACTION"] = "ignore";
        GuestVariables.CopyTo(
            ProgramSettings.Variables(SettingsFolder, request.Policy.ReachesNuGet).Where(v => v.Key != ProgramSettings.Pip), variables);
        return variables;
    }
}
