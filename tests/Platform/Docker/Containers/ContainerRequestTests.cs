using Docker.DotNet.Models;
using Glovebox.Docker.Containers;
using Glovebox.Docker.Seccomp;
using Glovebox.Sandboxes;

#nullable disable // The client library says that everything in a request may be null; here that would fail the test anyway.
using DeviceRequest = Glovebox.Docker.DeviceRequest;

namespace Glovebox.Tests.Platform.Docker.Containers;

/// <summary>What an engine is asked for.</summary>
public sealed class ContainerRequestTests
{
    private static CreateContainerParameters Build(
        DockerCommandLineCodeExecutorOptions options = null, uint uid = 1000, string bound = null, string volume = "files", ContainerFilter filter = null) => ContainerRequest.Build(new ContainerPlan
        {
            Spec = Spec(options ?? new()),
            Internals = new DockerInternals(),
            Name = "name",
            User = new UserId(uid, uid),
            BoundDirectory = bound,
            Volume = bound is null ? volume : null,
            Filter = filter ?? new ContainerFilter(),
            Labels = new Dictionary<string, string> { ["label"] = "value" },
        });

    private static ContainerDefinition Spec(DockerCommandLineCodeExecutorOptions options) =>
        new DockerSandboxProvider(options.Container).Spec(new SandboxRequest { Policy = options.Policy, WorkDirectory = options.WorkDir });

    [Fact]
    public void By_default_it_is_locked_down()
    {
        HostConfig host = Build().HostConfig;
        Assert.Equal(["ALL"], host.CapDrop);
        Assert.Equal(["CHOWN", "KILL", "SETGID", "SETPCAP", "SETUID"], host.CapAdd);
        Assert.Equal(["no-new-privileges"], host.SecurityOpt);
        Assert.Equal((2L << 30, 2L << 30), (host.Memory, host.MemorySwap));
        Assert.Equal(256 + 16, host.PidsLimit);
        Assert.Equal("none", host.NetworkMode);
        Assert.Equal(256L << 20, host.ShmSize);
        Assert.Equal("rw,nosuid,nodev,exec,mode=1777,size=536870912", host.Tmpfs["/tmp"]);
        Assert.Equal("none", host.LogConfig.Type);
        Assert.True(host.AutoRemove);
        Assert.False(host.Privileged);
        Assert.False(host.ReadonlyRootfs);
        Assert.Equal(0, host.NanoCPUs);
        Mount mount = Assert.Single(host.Mounts);
        Assert.Equal(("volume", "files", "/workspace"), (mount.Type, mount.Source, mount.Target));
    }

    [Fact]
    public void The_container_ends_with_the_stream_to_it()
    {
        CreateContainerParameters request = Build();
        Assert.True(request.OpenStdin && request.StdinOnce && request.AttachStdin && request.AttachStdout && request.AttachStderr && !request.Tty);
        Assert.Equal("0:0", request.User);
        Assert.Equal("/bin/sh", request.Entrypoint[0]);
        Assert.Empty(request.Cmd);
        Assert.Equal("value", request.Labels["label"]);
    }

    [Fact]
    public void Set_up_gets_capabilities_and_a_network_only_when_there_is_one()
    {
        HostConfig host = Build(new() { InitCommand = "true" }).HostConfig;
        Assert.Equal("bridge", host.NetworkMode);
        Assert.Contains("DAC_OVERRIDE", host.CapAdd);
        Assert.DoesNotContain(host.CapAdd, c => c is "SYS_ADMIN" or "SYS_PTRACE" or "NET_ADMIN" or "NET_RAW" or "MKNOD" or "SYS_MODULE");
        Assert.Equal("none", Build(new() { InitCommand = "true", Policy = new() { Network = NetworkAccess.None } }).HostConfig.NetworkMode);
        Assert.Equal("bridge", Build(new() { Policy = new() { Network = NetworkAccess.Full } }).HostConfig.NetworkMode);
    }

    [Fact]
    public void A_guest_that_is_root_has_no_capabilities_at_all() => Assert.Empty(Build(uid: 0, bound: "/dir").HostConfig.CapAdd);

    [Fact]
    public void A_guest_that_is_root_does_not_see_what_only_root_may_read()
    {
        Assert.Null(Build().HostConfig.MaskedPaths);
        IList<string> hidden = Build(uid: 0, bound: "/dir").HostConfig.MaskedPaths;
        Assert.Contains("/proc/kcore", hidden);
        Assert.Contains("/proc/kpagecount", hidden);
        Assert.Contains("/sys/devices", hidden);
    }

    [Fact]
    public void The_policy_is_passed_on()
    {
        HostConfig host = Build(new()
        {
            Policy = new() { Memory = 64 << 20, Cpus = 0.5, MaxProcesses = 10, ReadOnlyRootFilesystem = true, DiskSpace = 1 << 20 },
            Runtime = "runsc",
            AutoRemove = false,
        }).HostConfig;
        Assert.Equal((64L << 20, 64L << 20), (host.Memory, host.MemorySwap));
        Assert.Equal(500_000_000, host.NanoCPUs);
        Assert.Equal(26, host.PidsLimit);
        Assert.True(host.ReadonlyRootfs);
        string[] writable = ["/tmp", "/var/tmp", "/home/glovebox"];
        long[] sizes = [.. writable.Select(f => long.Parse(host.Tmpfs[f].Split("size=")[1], null))];
        Assert.Equal(32L << 20, sizes.Sum() + host.ShmSize);
        Assert.Equal("1048576", host.StorageOpt["size"]);
        Assert.Equal("runsc", host.Runtime);
        Assert.False(host.AutoRemove);
    }

    [Fact]
    public void A_limit_of_disk_space_holds_for_a_work_directory_without_a_name_too()
    {
        HostConfig host = Build(new() { Policy = new() { DiskSpace = 1 << 20 }, StopContainer = false, ContainerName = "stays" }, volume: null).HostConfig;
        Assert.Equal("1048576", Assert.Single(host.Mounts).VolumeOptions.DriverConfig.Options["size"]);
        Assert.Null(Assert.Single(Build(new() { StopContainer = false, ContainerName = "stays" }, volume: null).HostConfig.Mounts).VolumeOptions);
    }

    [Fact]
    public void Directories_volumes_hosts_and_devices_are_passed_on()
    {
        HostConfig host = Build(
            new()
            {
                WorkDir = "/host/work",
                ExtraVolumes = { new VolumeMount("/host/data", "/mnt/data", ReadOnly: true), new VolumeMount("cache", "/mnt/cache") },
                ExtraHosts = { ["custom.service"] = "10.0.0.5", ["gateway"] = "host-gateway" },
                DeviceRequests = { new DeviceRequest { Driver = "nvidia", Count = -1, Capabilities = { "gpu", "compute" }, DeviceIds = { "0" } } },
            },
            bound: "/host/work").HostConfig;
        Assert.Equal(
            [("bind", "/host/work", "/workspace", false), ("bind", "/host/data", "/mnt/data", true), ("volume", "cache", "/mnt/cache", false)],
            host.Mounts.Select(m => (m.Type, m.Source, m.Target, m.ReadOnly ?? false)));
        Assert.Equal(["custom.service:10.0.0.5", "gateway:host-gateway", "glovebox:127.0.0.1"], host.ExtraHosts);
        global::Docker.DotNet.Models.DeviceRequest device = Assert.Single(host.DeviceRequests);
        Assert.Equal(("nvidia", -1L), (device.Driver, device.Count));
        Assert.Equal(["gpu", "compute"], Assert.Single(device.Capabilities));
        Assert.Equal(["0"], device.DeviceIDs);
    }

    [Fact]
    public void The_engine_or_the_caller_may_lead_the_containers_name_elsewhere()
    {
        Assert.Empty(Build(new() { Policy = new() { Network = NetworkAccess.Full } }).HostConfig.ExtraHosts);
        Assert.Equal(["glovebox:10.0.0.5"], Build(new() { ExtraHosts = { ["glovebox"] = "10.0.0.5" } }).HostConfig.ExtraHosts);
    }

    [Fact]
    public void The_callers_variables_are_no_part_of_it()
    {
        // They would be shown to whoever may inspect the container.
        CreateContainerParameters request = Build(new() { Environment = { ["SECRET"] = "hidden" } });
        Assert.DoesNotContain(request.Env, v => v.Contains("hidden", StringComparison.Ordinal));
    }

    [Fact]
    public void A_container_that_stays_has_a_folder_that_only_root_enters()
    {
        HostConfig host = Build(new() { StopContainer = false, ContainerName = "stays" }).HostConfig;
        Assert.Contains("mode=0700", host.Tmpfs["/run/glovebox"], StringComparison.Ordinal);
    }
}
