using System.Text.Json;

namespace Glovebox.Docker.Seccomp;

/// <summary>The profile of system calls that the caller named.</summary>
/// <param name="Name">As it was named.</param>
/// <param name="Path">Where it is; null: no filter at all.</param>
/// <param name="Text">What the engine is sent.</param>
internal sealed record NamedProfile(string Name, string? Path, string Text)
{
    private const string Unconfined = "unconfined";

    /// <exception cref="ArgumentException">There is no such profile.</exception>
    public static NamedProfile Read(string name)
    {
        if (name == Unconfined)
        {
            return new NamedProfile(name, null, Unconfined);
        }

        string path = System.IO.Path.GetFullPath(name);
        try
        {
            using JsonDocument profile = JsonDocument.Parse(File.ReadAllBytes(path));
            return profile.RootElement.ValueKind == JsonValueKind.Object && profile.RootElement.TryGetProperty("defaultAction", out _)
                ? new NamedProfile(name, path, profile.RootElement.GetRawText())
                : throw new ArgumentException($"SeccompProfile: '{name}' is no profile: it has no defaultAction.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ArgumentException($"SeccompProfile: the profile '{name}' cannot be read: {e.Message}", e);
        }
    }
}
