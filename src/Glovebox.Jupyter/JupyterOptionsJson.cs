using System.Text.Json.Serialization;

namespace Glovebox.Jupyter;

/// <summary>What the options of the Jupyter executor hold, and how it is written.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JupyterCodeExecutorOptions))]
internal sealed partial class JupyterOptionsJson : JsonSerializerContext;
