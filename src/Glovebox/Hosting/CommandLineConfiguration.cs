using Glovebox.Functions;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>The settings that all command-line executors have.</summary>
internal static class CommandLineConfiguration
{
    private static readonly OptionsSchema<LanguageDraft> Language = new OptionsSchema<LanguageDraft>()
        .Value("Name", SettingFormat.Text, l => l.Name, (l, v) => l.Name = v)
        .Value("Extension", SettingFormat.Text, l => l.Extension, (l, v) => l.Extension = v)
        .List("Programs", l => l.Programs)
        .List("Arguments", l => l.Arguments)
        .List("Aliases", l => l.Aliases)
        .List("LineComments", l => l.LineComments, isEmptyByDefault: false)
        .Value("QuietsPip", SettingFormat.Flag, l => l.QuietsPip, (l, v) => l.QuietsPip = v);

    private static OptionsSchema<ExecutionPolicy> Policy { get; } = new OptionsSchema<ExecutionPolicy>()
        .Value("Memory", SettingFormat.LongInteger, p => p.Memory, (p, v) => p.Memory = v)
        .Value("DiskSpace", SettingFormat.LongInteger, p => p.DiskSpace, (p, v) => p.DiskSpace = v)
        .Value("MaxOutput", SettingFormat.LongInteger, p => p.MaxOutput, (p, v) => p.MaxOutput = v)
        .Value("Cpus", SettingFormat.Number, p => p.Cpus, (p, v) => p.Cpus = v)
        .Value("MaxProcesses", SettingFormat.Integer, p => p.MaxProcesses, (p, v) => p.MaxProcesses = v)
        .Value("Network", SettingFormat.Choice<NetworkAccess>(), p => p.Network, (p, v) => p.Network = v)
        .Value("ReadOnlyRootFilesystem", SettingFormat.Flag, p => p.ReadOnlyRootFilesystem, (p, v) => p.ReadOnlyRootFilesystem = v)
        .Value("User", SettingFormat.Text, p => p.User, (p, v) => p.User = v);

    private static OptionsSchema<HostFunctionLimits> Limits { get; } = new OptionsSchema<HostFunctionLimits>()
        .Value("MaxArgumentSize", SettingFormat.Integer, l => l.MaxArgumentSize, (l, v) => l.MaxArgumentSize = v)
        .Value("MaxResultSize", SettingFormat.Integer, l => l.MaxResultSize, (l, v) => l.MaxResultSize = v)
        .Value("MaxCallsPerSecond", SettingFormat.Integer, l => l.MaxCallsPerSecond, (l, v) => l.MaxCallsPerSecond = v)
        .Value("MaxConcurrentCalls", SettingFormat.Integer, l => l.MaxConcurrentCalls, (l, v) => l.MaxConcurrentCalls = v);

    /// <summary>Adds what <see cref="CommandLineCodeExecutorOptions"/> holds.</summary>
    public static OptionsSchema<T> CommandLine<T>(this OptionsSchema<T> schema)
        where T : CommandLineCodeExecutorOptions => schema
            .Value("Timeout", SettingFormat.Duration, o => o.Timeout, (o, v) => o.Timeout = v)
            .Value("WorkDir", SettingFormat.Text, o => o.WorkDir, (o, v) => o.WorkDir = v)
            .Map("Environment", o => o.Environment)
            .Code("Functions", o => o.Functions.Count > 0)
            .Code("FunctionApproval", o => o.FunctionApproval is not null)
            .Value("FunctionsModule", SettingFormat.Text, o => o.FunctionsModule, (o, v) => o.FunctionsModule = v)
            .Nested("FunctionLimits", o => o.FunctionLimits, Limits)
            .Value("SetupTimeout", SettingFormat.Duration, o => o.SetupTimeout, (o, v) => o.SetupTimeout = v)
            .Map("SetupEnvironment", o => o.SetupEnvironment)
            .Items(
                "Languages",
                o => o.Languages,
                ReadLanguage,
                (l, writer, index) => Language.Write(new LanguageDraft(l), writer.Section(index)))
            .Value("DeleteTempFiles", SettingFormat.Flag, o => o.DeleteTempFiles, (o, v) => o.DeleteTempFiles = v)
            .Nested("Policy", o => o.Policy, Policy)
            .List("Preload", o => o.Preload);

    private static CodeLanguage ReadLanguage(IConfigurationSection section)
    {
        LanguageDraft draft = new();
        Language.Read(section, draft);
        return new CodeLanguage(
            draft.Name ?? throw SettingReader.Error(section, "Name is missing."),
            draft.Extension ?? throw SettingReader.Error(section, "Extension is missing."),
            draft.Programs.Count > 0 ? [.. draft.Programs] : throw SettingReader.Error(section, "Programs is missing."),
            [.. draft.Arguments])
        {
            Aliases = [.. draft.Aliases],
            LineComments = [.. draft.LineComments],
            QuietsPip = draft.QuietsPip,
        };
    }

    /// <summary>A <see cref="CodeLanguage"/> while it is read.</summary>
    private sealed class LanguageDraft
    {
        public LanguageDraft()
        {
        }

        public LanguageDraft(CodeLanguage language)
        {
            Name = language.Name;
            Extension = language.Extension;
            Programs = [.. language.Programs];
            Arguments = [.. language.Arguments];
            Aliases = [.. language.Aliases];
            LineComments = [.. language.LineComments];
            QuietsPip = language.QuietsPip;
        }

        public string? Name { get; set; }

        public string? Extension { get; set; }

        public IList<string> Programs { get; } = [];

        public IList<string> Arguments { get; } = [];

        public IList<string> Aliases { get; } = [];

        public IList<string> LineComments { get; } = ["#"];

        public bool QuietsPip { get; set; }
    }
}
