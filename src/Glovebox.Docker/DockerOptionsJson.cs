using System.Text.Json.Serialization;

namespace Glovebox.Docker;

/// <summary>What the options of the Docker executors hold, and how it is written.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DockerCommandLineCodeExecutorOptions))]
[JsonSerializable(typeof(DockerInterpreterCodeExecutorOptions))]
[JsonSerializable(typeof(DockerJupyterCodeExecutorOptions))]
internal sealed partial class DockerOptionsJson : JsonSerializerContext;
