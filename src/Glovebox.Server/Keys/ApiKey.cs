namespace Glovebox.Server.Keys;

/// <summary>A key as the server knows it: without its secret.</summary>
/// <param name="Id">Its public part, random. Sessions belong to it.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Limits">What its holder may use.</param>
/// <param name="Created">When it was made.</param>
/// <param name="Used">When a request last had it, to the minute; null before the first.</param>
internal sealed record ApiKey(string Id, string Name, KeyLimits Limits, DateTimeOffset Created, DateTimeOffset? Used);
