namespace Glovebox.Docker;

/// <summary>A directory of the engine's machine, or a volume of the engine, in the container.</summary>
/// <param name="Source">An absolute path on the engine's machine that exists, or the name of a volume, which is made when missing.</param>
/// <param name="Target">Where it is in the container: an absolute path, not the work directory, nor what the container's system
/// needs.</param>
/// <param name="ReadOnly">Whether guest code can only read it. The default is false.</param>
public sealed record VolumeMount(string Source, string Target, bool ReadOnly = false)
{
    private static readonly string[] Reserved = ["/", "/workspace", "/proc", "/sys", "/dev", "/run/glovebox"];

    internal bool IsBind => IsAbsolute(Source);

    internal static bool IsAbsolute(string path) =>
        !path.Contains('\0') && (
            path.StartsWith('/') || (path.Length > 2 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] is '\\' or '/'));

    /// <exception cref="ArgumentException">It cannot be mounted.</exception>
    internal void Validate()
    {
        if (string.IsNullOrEmpty(Source) || (!IsBind && Source.AsSpan().ContainsAny("/\\:\0")))
        {
            throw new ArgumentException($"ExtraVolumes: the source '{Source}' is neither an absolute path nor the name of a volume.");
        }

        if (string.IsNullOrEmpty(Target) || Target[0] != '/' || Target.Contains('\0') || Target.Split('/').Contains(".."))
        {
            throw new ArgumentException($"ExtraVolumes: the target '{Target}' is not an absolute path in the container.");
        }

        string target = Target.Length > 1 ? Target.TrimEnd('/') : Target;
        if (Reserved.Any(r => target == r || (r is "/proc" or "/sys" && target.StartsWith(r + "/", StringComparison.Ordinal))))
        {
            throw new ArgumentException($"ExtraVolumes: nothing can be mounted at '{Target}'; choose another target, such as /mnt/data.");
        }
    }
}
