using System.Diagnostics.CodeAnalysis;
using Glovebox.Hosting;

namespace Glovebox.Jupyter.Hosting;

/// <summary>The settings of the Jupyter executor.</summary>
internal static class JupyterConfiguration
{
    private static readonly SettingFormat<Uri> _address = new(
        "an address such as http://localhost:8888/",
        static (string text, [MaybeNullWhen(false)] out Uri value) => Uri.TryCreate(text, UriKind.Absolute, out value),
        static value => ((Uri)value).OriginalString);

    public static OptionsCodeExecutorKind<JupyterCodeExecutor, JupyterCodeExecutorOptions> Kind { get; } = new(
        "jupyter",
        new OptionsSchema<JupyterCodeExecutorOptions>()
            .CommandLine()
            .Value("Url", _address, o => o.Url, (o, v) => o.Url = v)
            .Value("Token", SettingFormat.Text, o => o.Token, (o, v) => o.Token = v)
            .Value("KernelName", SettingFormat.Text, o => o.KernelName, (o, v) => o.KernelName = v)
            .Value("OutputDir", SettingFormat.Text, o => o.OutputDir, (o, v) => o.OutputDir = v)
            .Value("MaxDisplays", SettingFormat.Integer, o => o.MaxDisplays, (o, v) => o.MaxDisplays = v)
            .Value("MaxDisplayBytes", SettingFormat.LongInteger, o => o.MaxDisplayBytes, (o, v) => o.MaxDisplayBytes = v)
            .List("ReadOnlyPaths", o => o.ReadOnlyPaths),
        (options, loggerFactory, timeProvider) => new(options, loggerFactory, timeProvider),
        executor => executor.Options.HasSecret
            ? throw new NotSupportedException("The token of a Jupyter server is not written to configuration: it is a secret. Keep it in a secret store, and set Token on the options of the executor that is read.")
            : executor.Options);
}
