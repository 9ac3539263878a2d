using System.Text;
using Glovebox.Docker.Engine;
using Glovebox.Sandboxes.Agent;
using Glovebox.Sandboxes.Agent.Protocol;
using global::Docker.DotNet;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Finds out what a started container's first process has become, and makes a guest of it.</summary>
internal static class GuestStarter
{
    /// <summary>The socket of an agent that outlives its host.</summary>
    private const string Socket = ContainerLauncher.AgentFolder + "/agent";

    private const int MaxAttachTries = 3;

    /// <summary>How many bytes are kept of an answer that is no guest's.</summary>
    private const int MaxWords = 1024;

    /// <summary>Carries the bytes between this exec's standard streams and the agent's socket. A thread each way, or both would wait for
    /// each other.</summary>
    private const string Relay = """
        import os, socket, sys, threading
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(sys.argv[1])
        def from_agent():
            while True:
                data = agent.recv(65536)
                if not data:
                    os._exit(0)
                while data:
                    data = data[os.write(1, data):]
        threading.Thread(target=from_agent, daemon=True).start()
        while True:
            data = os.read(0, 65536)
            if not data:
                os._exit(0)
            agent.sendall(data)
        """;

    /// <summary>Nothing is imported from the work directory, nor from anywhere else that guest code can write: this is root.</summary>
    private const string RelayShell = """
        cd /
        [ -S "$1" ] || { printf P; exit; }
        for name in python3 python; do
            python=$(command -v "$name") && printf A && exec "$python" -I -c "$2" "$1"
        done
        """;

    /// <summary>Makes a guest of a container that has just been started.</summary>
    /// <exception cref="ContainerStartException">It ended at once.</exception>
    public static async Task<ContainerSetup> StartAsync(
        DockerContainer container, ContainerChannel channel, ContainerPlan plan, CancellationToken cancellationToken)
    {
        if (await MarkAsync(channel, cancellationToken).ConfigureAwait(false) != ContainerLauncher.AgentMark)
        {
            return new ExecPrograms(container, channel, plan);
        }

        await channel.WriteAsync(AgentSource.Bytes, cancellationToken).ConfigureAwait(false);
        return await ConnectAsync(channel, plan, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a guest of a container that an earlier executor left running.</summary>
    /// <exception cref="ContainerStartException">It does not answer.</exception>
    public static async Task<StartedContainer> AttachAsync(
        EngineConnection engine, ContainerInspectResponse existing, ContainerPlan plan, CancellationToken cancellationToken)
    {
        DockerContainer container = new(engine.Client, existing.ID, existing.HostConfig?.AutoRemove ?? false);
        try
        {
            ContainerSetup guest = await AttachAsync(container, plan, MaxAttachTries, cancellationToken).ConfigureAwait(false);
            if (plan.Filter.NeedsGuest(existing) && !plan.Filter.IsAppliedBy(guest))
            {
                await guest.DisposeAsync().ConfigureAwait(false);
                throw new PolicyNotEnforceableException(
                    $"In the container '{plan.Name}', the guest agent keeps guest code from making set-user-id files, and it is gone.",
                    $"Remove the container: docker rm -f {plan.Name}");
            }

            return new StartedContainer(container, guest, plan);
        }
        catch
        {
            await container.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<ContainerSetup> AttachAsync(
        DockerContainer container, ContainerPlan plan, int tries, CancellationToken cancellationToken)
    {
        string[] command = ["/bin/sh", "-c", RelayShell, "sh", Socket, Relay];
        RunningExec relay = await container.StartProgramAsync(
            command, guest: null, plan.Spec.Request.Variables, cancellationToken).ConfigureAwait(false);
        try
        {
            if (await MarkAsync(relay, cancellationToken).ConfigureAwait(false) == ContainerLauncher.AgentMark)
            {
                return await ConnectAsync(relay, plan, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ContainerStartException) when (tries > 1)
        {
            // The agent ends every other process when its last host leaves, and that may be a moment ago: the relay was one of them.
            await relay.DisposeAsync().ConfigureAwait(false);
            return await AttachAsync(container, plan, tries - 1, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await relay.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await relay.DisposeAsync().ConfigureAwait(false);
        ContainerChannel channel = await container.AttachAsync(isInput: false, cancellationToken).ConfigureAwait(false);
        ExecPrograms programs = new(container, channel, plan);
        await programs.KillEverythingAsync().ConfigureAwait(false);
        return programs;
    }

    private static async Task<ContainerSetup> ConnectAsync(
        ContainerChannel channel, ContainerPlan plan, CancellationToken cancellationToken)
    {
        AgentClient agent = new(channel);
        try
        {
            AgentConfiguration configuration = new(0, 0, ContainerLauncher.WorkDirectory, plan.Spec.Request.Variables)
            {
                User = plan.User,
                Filter = plan.Filter.AgentProgram,
                Listen = plan.Spec.Options.StopContainer ? "" : Socket,
            };
            AgentHello hello = await agent.ConnectAsync(configuration, cancellationToken).ConfigureAwait(false);
            return new AgentSetup(agent, hello.CanFilter);
        }
        catch (Exception e)
        {
            await agent.DisposeAsync().ConfigureAwait(false);
            if (e is IOException or GuestProtocolException)
            {
                throw new ContainerStartException(channel.Errors, e);
            }

            throw;
        }
    }

    /// <summary>Reads the mark by which a guest says its kind; it says no more until it is spoken to. Any other answer is an error: an
    /// engine that cannot start a program says so in the program's output.</summary>
    private static async Task<byte> MarkAsync(ContainerChannel channel, CancellationToken cancellationToken)
    {
        byte[] answer = new byte[MaxWords];
        int read;
        try
        {
            read = await channel.ReadAsync(answer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or DockerApiException)
        {
            throw new ContainerStartException(channel.Errors, e);
        }

        return read == 1 && answer[0] is ContainerLauncher.AgentMark or ContainerLauncher.PlainMark
            ? answer[0]
            : throw new ContainerStartException(Encoding.UTF8.GetString(answer, 0, read) + channel.Errors, null);
    }
}

/// <summary>A container ended before what it runs had answered.</summary>
internal sealed class ContainerStartException(string errors, Exception? cause) : Exception(errors, cause);
