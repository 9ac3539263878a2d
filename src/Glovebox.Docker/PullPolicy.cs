namespace Glovebox.Docker;

/// <summary>When an image is pulled from its registry.</summary>
public enum PullPolicy
{
    /// <summary>When the engine does not have it.</summary>
    Missing,

    /// <summary>At each start, so that a newer one is used.</summary>
    Always,

    /// <summary>Never: an image that the engine does not have is an error.</summary>
    Never,
}
