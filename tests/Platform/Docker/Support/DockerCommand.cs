using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>Programs of the host, above all <c>docker</c>: what a user would type.</summary>
public static class DockerCommand
{
    /// <summary>Runs a program and gives what it printed; fails when it fails.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        (int exitCode, string output, string errors) = await TryAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)}: {exitCode} {output} {errors}");
        return output.Trim();
    }

    public static async Task<(int ExitCode, string Output, string Errors)> TryAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Whether a container of this name or number exists, running or not.</summary>
    public static async Task<bool> ExistsAsync(string container) => (await TryAsync("docker", "container", "inspect", container)).ExitCode == 0;

    /// <summary>The host's address in the default network. That an engine names it as the gateway cannot be relied on: one that has just
    /// been installed does so only after its second start.</summary>
    public static async Task<string> HostAddressAsync()
    {
        string bridge = await RunAsync("docker", "network", "inspect", "bridge", "-f", "{{index .Options \"com.docker.network.bridge.name\"}}");
        NetworkInterface found = Assert.Single(NetworkInterface.GetAllNetworkInterfaces(), n => n.Name == bridge);
        return found.GetIPProperties().UnicastAddresses.First(a => a.Address.AddressFamily == AddressFamily.InterNetwork).Address.ToString();
    }

    /// <summary>Waits until a container is gone.</summary>
    public static async Task IsGoneAsync(string container)
    {
        long started = Stopwatch.GetTimestamp();
        while (await ExistsAsync(container))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30), $"The container {container} is still there.");
        }
    }
}
