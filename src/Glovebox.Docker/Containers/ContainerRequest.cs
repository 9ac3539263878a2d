using System.Globalization;
using global::Docker.DotNet.Models;

namespace Glovebox.Docker.Containers;

/// <summary>Makes the request that makes a container. Everything that keeps guest code in its place is written here.</summary>
internal static class ContainerRequest
{
    /// <summary>The network of a container that has one.</summary>
    public const string Bridge = "bridge";

    /// <summary>The agent itself and the shell that becomes it, or that stays, count too; so do the threads of the engine's exec.</summary>
    private const int OwnProcesses = 16;

    private const int Billion = 1_000_000_000;

    private const string HostName = "glovebox";

    /// <summary>What the agent needs to make guest processes another user's, to end them, and to give the work directory away.</summary>
    private static readonly string[] AgentCapabilities = ["CHOWN", "KILL", "SETGID", "SETPCAP", "SETUID"];

    /// <summary>What root needs in a work directory that is closed to others, and to give away what somebody else has installed.</summary>
    private const string AnyFile = "DAC_OVERRIDE";

    /// <summary>What package managers need besides.</summary>
    private static readonly string[] SetupCapabilities = ["FOWNER", "FSETID", "SETFCAP"];

    public static CreateContainerParameters Build(ContainerPlan plan)
    {
        ContainerDefinition spec = plan.Spec;
        return new CreateContainerParameters
        {
            Name = plan.Name,
            Image = spec.Options.Image,
            Hostname = HostName,

            // The agent begins as root to make the container ready, and guest code never gets any of that.
            User = "0:0",
            WorkingDir = ContainerLauncher.WorkDirectory,
            Entrypoint = ContainerLauncher.Command(
                plan.User, plan.BoundDirectory is null, plan.Internals.UsesAgent, !spec.Options.StopContainer),
            Cmd = [],
            Env = [.. ContainerLauncher.Variables(spec.Request).Select(v => $"{v.Key}={v.Value}")],
            Labels = new Dictionary<string, string>(plan.Labels, StringComparer.Ordinal),

            // When our end of the stream closes, for whatever reason, so does the container's standard input, and with it the container
            // ends.
            OpenStdin = true,
            StdinOnce = true,
            AttachStdin = true,
            AttachStdout = true,
            AttachStderr = true,
            HostConfig = Host(plan),
        };
    }

    private static HostConfig Host(ContainerPlan plan)
    {
        ContainerDefinition spec = plan.Spec;
        HostConfig host = new()
        {
            AutoRemove = spec.Options.AutoRemove,
            NetworkMode = spec.Policy.Network == NetworkAccess.Full || spec.NeedsSetupNetwork ? Bridge : "none",

            // What goes over the stream is no log, and would fill the engine's disk.
            LogConfig = new LogConfig { Type = "none", Config = new Dictionary<string, string>() },
            Memory = spec.Request.Memory,
            MemorySwap = spec.Request.Memory,
            PidsLimit = spec.Request.Processes + OwnProcesses,
            NanoCPUs = spec.Policy.Cpus is { } cpus ? (long)Math.Round(cpus * Billion) : 0,
            ReadonlyRootfs = spec.Policy.ReadOnlyRootFilesystem ?? false,
            ShmSize = spec.Request.Memory / 8,
            Tmpfs = TemporaryFileSystems(plan),
            Mounts = Mounts(plan),
            ExtraHosts = [.. spec.Options.ExtraHosts.Select(h => $"{h.Key}:{h.Value}"), .. OwnName(spec)],
            Runtime = spec.Options.Runtime ?? "",
            DeviceRequests = [.. spec.Options.DeviceRequests.Select(Device)],
        };
        if (spec.Policy.DiskSpace is { } bytes)
        {
            host.StorageOpt = new Dictionary<string, string> { ["size"] = bytes.ToString(CultureInfo.InvariantCulture) };
        }

        if (plan.Internals.Hardens)
        {
            host.CapDrop = ["ALL"];

            // A guest that is root has what its container has, so that may be nothing; the agent then becomes no other user.
            bool isRoot = plan.User.Uid == 0;
            bool installs = plan.Functions is { HasPackages: true, IsInstalled: false };
            host.CapAdd = spec.Options.InitCommand is not null ? [.. AgentCapabilities, AnyFile, .. SetupCapabilities]
                : isRoot ? []
                : installs ? [.. AgentCapabilities, AnyFile]
                : AgentCapabilities;
            host.SecurityOpt = ["no-new-privileges"];
            if (isRoot && plan.IsPodman)
            {
                // It does not look at the field.
                host.SecurityOpt = [.. host.SecurityOpt, $"mask={string.Join(':', HiddenPaths.Of(spec))}"];
            }
            else if (isRoot)
            {
                host.MaskedPaths = [.. HiddenPaths.Of(spec)];
            }
        }

        if (plan.Filter.Profile is { } profile)
        {
            host.SecurityOpt = [.. host.SecurityOpt ?? [], $"seccomp={profile}"];
        }

        return host;
    }

    /// <summary>Leads the container's own name to itself. The engine does so where the container has a network, and takes it back when
    /// that is cut.</summary>
    private static string[] OwnName(ContainerDefinition spec) =>
        spec.Policy.Network == NetworkAccess.Full || spec.Options.ExtraHosts.ContainsKey(HostName) ? [] : [$"{HostName}:127.0.0.1"];

    /// <summary>What guest code can write beside its work directory. It counts as memory and outlives the program, so that together it
    /// holds at most half of it.</summary>
    private static Dictionary<string, string> TemporaryFileSystems(ContainerPlan plan)
    {
        ContainerDefinition spec = plan.Spec;
        Dictionary<string, string> found = new(StringComparer.Ordinal)
        {
            ["/tmp"] = string.Create(CultureInfo.InvariantCulture, $"rw,nosuid,nodev,exec,mode=1777,size={spec.Request.Memory / 4}"),

            // Root's: guest code reads there.
            [ContainerLauncher.SettingsFolder] = "rw,nosuid,nodev,noexec,mode=0755,size=64k",
        };
        if (spec.Policy.ReadOnlyRootFilesystem == true)
        {
            long least = spec.Request.Memory / 16;
            found["/tmp"] = string.Create(CultureInfo.InvariantCulture, $"rw,nosuid,nodev,exec,mode=1777,size={3 * least}");
            found["/var/tmp"] = string.Create(CultureInfo.InvariantCulture, $"rw,nosuid,nodev,exec,mode=1777,size={least}");
            found[GuestVariables.Home] = string.Create(
                CultureInfo.InvariantCulture, $"rw,nosuid,nodev,exec,mode=0755,size={spec.Request.Memory / 8}");
            if (plan.Functions is not null)
            {
                // Root's: guest code reads there.
                found[ContainerFunctions.Folder] = "rw,nosuid,nodev,exec,mode=0755,size=4m";
            }
        }

        if (!spec.Options.StopContainer)
        {
            found[ContainerLauncher.AgentFolder] = "rw,nosuid,nodev,noexec,mode=0700,size=64k";
        }

        return found;
    }

    private static List<Mount> Mounts(ContainerPlan plan)
    {
        // A mount, and not a bind: a folder that does not exist is an error, and not made by the engine for root.
        List<Mount> mounts =
        [
            plan.BoundDirectory is { } directory
                ? new Mount { Type = "bind", Source = directory, Target = ContainerLauncher.WorkDirectory }
                : WorkVolumeOf(plan),
        ];
        if (plan.Functions is { HasPackages: true } functions)
        {
            // Guest code cannot write there, so its size is the set-up's affair.
            mounts.Add(new Mount
            {
                Type = "volume",
                Source = functions.Volume?.Name ?? "",
                Target = ContainerFunctions.Packages,
                ReadOnly = functions.IsInstalled,
            });
        }

        mounts.AddRange(plan.Spec.Options.ExtraVolumes.Select(volume => new Mount
        {
            Type = volume.IsBind ? "bind" : "volume",
            Source = volume.Source,
            Target = volume.Target,
            ReadOnly = volume.ReadOnly,
        }));
        return mounts;
    }

    /// <summary>The volume with the work directory, by its name, or a new one without a name.</summary>
    private static Mount WorkVolumeOf(ContainerPlan plan)
    {
        Mount mount = new() { Type = "volume", Source = plan.Volume ?? "", Target = ContainerLauncher.WorkDirectory };
        if (plan.Volume is null && plan.Spec.Policy.DiskSpace is { } bytes)
        {
            mount.VolumeOptions = new VolumeOptions { DriverConfig = new Driver { Name = "local", Options = WorkVolume.Options(bytes) } };
        }

        return mount;
    }

    private static global::Docker.DotNet.Models.DeviceRequest Device(DeviceRequest device) => new()
    {
        Driver = device.Driver,
        Count = device.Count,
        DeviceIDs = [.. device.DeviceIds],
        Capabilities = device.Capabilities.Count == 0 ? [] : [[.. device.Capabilities]],
        Options = new Dictionary<string, string>(device.Options, StringComparer.Ordinal),
    };
}
