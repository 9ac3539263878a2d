using System.Text.Json;
using System.Text.Json.Serialization;

namespace Glovebox.Jupyter.Client;

/// <summary>What goes to a Jupyter server and comes from it as JSON, but for the messages of kernels.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KernelSpecList))]
[JsonSerializable(typeof(KernelModel))]
[JsonSerializable(typeof(KernelStart))]
[JsonSerializable(typeof(MessageHeader))]
[JsonSerializable(typeof(ExecuteRequest))]
[JsonSerializable(typeof(ContentModel))]
[JsonSerializable(typeof(ContentUpload))]
internal sealed partial class JupyterJson : JsonSerializerContext;

/// <summary>The answer to <c>GET /api/kernelspecs</c>.</summary>
internal sealed record KernelSpecList(string? Default, Dictionary<string, KernelSpecEntry>? Kernelspecs);

internal sealed record KernelSpecEntry(string? Name, KernelSpec? Spec);

/// <summary>A kernel that a server can start.</summary>
internal sealed record KernelSpec(string? Language, string? DisplayName);

/// <summary>A kernel that runs.</summary>
internal sealed record KernelModel(string? Id, string? Name);

/// <summary>The body of <c>POST /api/kernels</c>.</summary>
/// <param name="Name">The kernel spec's.</param>
/// <param name="Path">The folder in which it starts, relative to the server's root; null for the root.</param>
internal sealed record KernelStart(string Name, string? Path);

internal sealed record MessageHeader(string MsgId, string Session, string Username, string Date, string MsgType, string Version);

internal sealed record ExecuteRequest(
    string Code, bool Silent, bool StoreHistory, Dictionary<string, string> UserExpressions, bool AllowStdin)
{
    /// <summary>Whether a failure aborts what waits in the kernel's queue. Glovebox never queues anything there; but a kernel goes on to
    /// abort
    /// for a moment after it has answered, and the next block may arrive in that moment.</summary>
    public bool StopOnError { get; init; }
}

/// <summary>A file or folder of <c>/api/contents</c>.</summary>
internal sealed record ContentModel(
    string? Name, string? Path, string? Type, string? Format, long? Size, DateTimeOffset? LastModified, JsonElement? Content);

/// <summary>The body of <c>PUT /api/contents/PATH</c>.</summary>
internal sealed record ContentUpload(string Type, string? Format, string? Content);
