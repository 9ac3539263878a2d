using System.Text.Json.Serialization;

namespace Glovebox.Hosting;

/// <summary>What the options of this library's executors hold, and how it is written.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BubblewrapCommandLineCodeExecutorOptions))]
[JsonSerializable(typeof(InterpreterCodeExecutorOptions))]
[JsonSerializable(typeof(LocalCommandLineCodeExecutorOptions))]
[JsonSerializable(typeof(LocalInterpreterCodeExecutorOptions))]
internal sealed partial class OptionsJson : JsonSerializerContext;
