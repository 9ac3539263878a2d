using Glovebox.Sandboxes.Host;

namespace Glovebox.Docker.Containers;

/// <summary>The user that guest code runs as.</summary>
/// <param name="Id">As the container numbers users.</param>
/// <param name="HostOwner">The owner, on this machine, of what we write into the work directory; null: this process' user.</param>
/// <param name="Reason">Why this one, in words.</param>
internal sealed record ContainerUser(UserId Id, UserId? HostOwner, string Reason)
{
    private static readonly UserId Unprivileged = new(1000, 1000);

    /// <summary>Root without any capability: where the work directory leaves no other choice.</summary>
    public bool IsRoot => Id.Uid == 0;

    /// <summary>Chooses the user by the owner of the work directory, so that what guest code writes is that owner's.</summary>
    /// <param name="named">The user that the policy names, or null.</param>
    /// <param name="work">The work directory on this machine, or null where none is bound.</param>
    /// <param name="isMade">Whether we made the directory, so that it can be given away.</param>
    /// <param name="isRootless">Whether the engine runs as its user, who is then root in its containers.</param>
    public static ContainerUser Choose(string? named, string? work, bool isMade, bool isRootless)
    {
        bool weAreRoot = OperatingSystem.IsLinux() && Libc.EffectiveUserId() == 0;
        if (named is not null)
        {
            UserId id = UserId.Parse(named);
            return new ContainerUser(id, work is not null && weAreRoot && !isRootless ? id : null, "as the policy names it");
        }

        if (work is null || !OperatingSystem.IsLinux())
        {
            return new ContainerUser(Unprivileged, null, "the unprivileged user");
        }

        if (isRootless)
        {
            return new ContainerUser(default, null, "the engine's own user, who owns the work directory");
        }

        if (!weAreRoot)
        {
            return new ContainerUser(new UserId(Libc.EffectiveUserId(), Libc.EffectiveGroupId()), null, "the user that runs this program");
        }

        UserId owner = Owner(work, isMade);
        return new ContainerUser(
            owner, owner.Uid == 0 ? null : owner, owner.Uid == 0 ? "root, who owns the work directory" : "the owner of the work directory");
    }

    /// <summary>The error of an <c>InitCommand</c> beside a guest that is root, and so would have what the command has.</summary>
    public static PolicyNotEnforceableException WouldShareSetUp(string how) => new(
        $"InitCommand needs rights that guest code, which is to be root because the work directory is root's, {how}",
        "Give the work directory to another user: chown 1000:1000 DIRECTORY");

    private static UserId Owner(string work, bool isMade)
    {
        if (isMade)
        {
            uint chosen = UserId.ChoosePrivate();
            return new UserId(chosen, chosen);
        }

        Libc.FileStatus status = Libc.Status(work);
        return new UserId(status.Uid, status.Gid == 0 && status.Uid != 0 ? status.Uid : status.Gid);
    }
}
