namespace Glovebox.Cli.Executors;

/// <summary>The executors that the tool offers.</summary>
internal static class ExecutorKinds
{
    /// <summary>The name that stands for the first automatic kind that works.</summary>
    public const string Auto = "auto";

    /// <summary>In the order in which <c>auto</c> tries them.</summary>
    public static IReadOnlyList<IExecutorKind> All { get; } = [new BubblewrapKind(), new DockerKind(), new JupyterKind(), new DockerJupyterKind(), new LocalKind()];

    public static string[] Names { get; } = [Auto, .. All.Select(k => k.Name)];
}
