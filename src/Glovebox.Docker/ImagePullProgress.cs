namespace Glovebox.Docker;

/// <summary>How a pull goes on.</summary>
/// <param name="Image">The image.</param>
/// <param name="Layer">The layer that this is about, or null for the image as a whole.</param>
/// <param name="Status">What is done, in the engine's words: <c>Downloading</c>, <c>Extracting</c>, <c>Pull complete</c>.</param>
/// <param name="Current">How many bytes of the layer are done, or null.</param>
/// <param name="Total">How many bytes the layer has, or null.</param>
public sealed record ImagePullProgress(string Image, string? Layer, string Status, long? Current, long? Total);
