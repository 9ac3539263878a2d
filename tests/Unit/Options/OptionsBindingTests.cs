using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Unit.Options;

public sealed class OptionsBindingTests
{
    [Fact]
    public async Task Every_option_of_bubblewrap_is_read()
    {
        Assert.All(
            OptionsText.Of(new BubblewrapCommandLineCodeExecutorOptions()).Where(IsNoCode),
            option => Assert.NotEqual(option.Value, OptionsText.Of(Settings.BubblewrapOptions)[option.Key]));
        await using ICodeExecutor executor = new CodeExecutorFactory().Create(Settings.Section(Settings.Bubblewrap));
        Assert.Equal(OptionsText.Of(Settings.BubblewrapOptions), OptionsText.Of(Assert.IsType<BubblewrapCommandLineCodeExecutor>(executor).Options));
    }

    [Fact]
    public async Task Every_option_of_the_local_executor_is_read()
    {
        Assert.All(
            OptionsText.Of(new LocalCommandLineCodeExecutorOptions()).Where(IsNoCode).Where(o => !IsOfAList(o.Key)),
            option => Assert.NotEqual(option.Value, OptionsText.Of(Settings.LocalOptions)[option.Key]));
        await using ICodeExecutor executor = new CodeExecutorFactory().Create(Settings.Section(Settings.Local));
        Assert.Equal(OptionsText.Of(Settings.LocalOptions), OptionsText.Of(Assert.IsType<LocalCommandLineCodeExecutor>(executor).Options));
    }

    [Fact]
    public async Task What_is_absent_null_or_empty_keeps_its_default()
    {
        string json = """{ "Executor": { "Kind": "bubblewrap", "Timeout": null, "Policy": { }, "Environment": { }, "Preload": [ ], "WorkDir": null } }""";
        foreach (IConfiguration section in new[] { Settings.Section(json), Settings.Section() })
        {
            await using ICodeExecutor executor = new CodeExecutorFactory().Create(section);
            Assert.Equal(
                OptionsText.Of(new BubblewrapCommandLineCodeExecutorOptions()), OptionsText.Of(((BubblewrapCommandLineCodeExecutor)executor).Options));
        }
    }

    [Fact]
    public async Task Numbers_and_times_do_not_depend_on_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = comma;
        try
        {
            await using ICodeExecutor executor = new CodeExecutorFactory().Create(Settings.Section(("Policy:Cpus", "0.5"), ("Timeout", "00:00:01.5")));
            Assert.Equal(0.5, ((BubblewrapCommandLineCodeExecutor)executor).Options.Policy.Cpus);
            Assert.Equal("0.5", new CodeExecutorFactory().GetConfiguration(executor)["Policy:Cpus"]);
            Assert.Equal("00:00:01.5000000", new CodeExecutorFactory().GetConfiguration(executor)["Timeout"]);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("Timeout", "60", "'60' is not a duration such as 00:01:00 (hours:minutes:seconds).")]
    [InlineData("Timeout", "soon", "'soon' is not a duration such as 00:01:00 (hours:minutes:seconds).")]
    [InlineData("Timeout", "1:x", "Failed to convert configuration value '1:x' at 'Executor:Timeout' to type 'System.TimeSpan'.", "")]
    [InlineData("Timeout", "", "'' is not a duration such as 00:01:00 (hours:minutes:seconds).")]
    [InlineData("Timeout", "00:00:00", "Timeout must be more than zero and at most 24 days.")]
    [InlineData("Timeout:Seconds", "60", "this is a single value, not a section.", "Timeout")]
    [InlineData("DeleteTempFiles", "yes", "Failed to convert configuration value 'yes' at 'Executor:DeleteTempFiles' to type 'System.Boolean'.", "")]
    [InlineData("DeleteTempFiles", "", "'' is not true or false.")]
    [InlineData("WorkDir", "", "WorkDir must be a path, or null for a temporary directory.")]
    [InlineData("Policy", "strict", "this is a section, not the single value 'strict'.")]
    [InlineData("Policy:Memory", "512M", "Failed to convert configuration value '512M' at 'Executor:Policy:Memory' to type 'System.Int64'.", "")]
    [InlineData("Policy:Memory", "", "'' is not a number.")]
    [InlineData("Policy:Memory", "1", "Memory must be at least 16777216.")]
    [InlineData("Policy:MaxProcesses", "99999999999", "Failed to convert configuration value '99999999999' at 'Executor:Policy:MaxProcesses' to type 'System.Int32'.", "")]
    [InlineData("Policy:Cpus", "0,5", "Failed to convert configuration value '0,5' at 'Executor:Policy:Cpus' to type 'System.Double'.", "")]
    [InlineData("Policy:Cpus", "NaN", "Cpus must be a number of at least 0.01.")]
    [InlineData("Policy:Network", "some", "Failed to convert configuration value 'some' at 'Executor:Policy:Network' to type 'Glovebox.NetworkAccess'.", "")]
    [InlineData("Policy:Network", "2", "'2' is not one of None, SetupOnly, Full, AllowList.")]
    [InlineData("Policy:User", "root", "User must be 'uid' or 'uid:gid' in numbers, not 'root'.")]
    [InlineData("Preload", "numpy", "this is a list, not the single value 'numpy'. Its items have the keys Preload:0, Preload:1, …")]
    [InlineData("Preload:numpy", "true", "this is in a list, whose items have numbers as keys.")]
    [InlineData("Preload:0:Name", "numpy", "this is a single value, not a section.", "Preload:0")]
    [InlineData("Environment", "A=b", "this is a section, not the single value 'A=b'.")]
    [InlineData("Environment:A:B", "c", "this is a single value, not a section.", "Environment:A")]
    [InlineData("Environment:A", null, "a value is missing.")]
    [InlineData("Languages:0:Name", "ruby", "Cannot create instance of type 'Glovebox.CodeLanguage' because parameter 'extension' has no matching config. Each parameter in the constructor that does not have a default value must have a corresponding config entry.", "")]
    [InlineData("Tiemout", "00:01:00", "there is no such setting. There are: DeleteTempFiles, Egress, Environment, FunctionLimits, FunctionsModule, Languages, Packages, Policy, Preload, ReadOnlyPaths, SetupEnvironment, SetupTimeout, SkippedLanguages, StreamsWholeOutput, Timeout, WorkDir.")]
    [InlineData("Functions:0", "x", "this is code, which configuration cannot hold.", "Functions")]
    [InlineData("FunctionApproval", "x", "this is code, which configuration cannot hold.")]
    [InlineData("FunctionsModule", "a b", "Module name must be a valid Python identifier, and not 'a b'.")]
    [InlineData("FunctionLimits:MaxCallsPerSecond", "0", "MaxCallsPerSecond must be from 1 to 2147483647.")]
    [InlineData("Policy:Kind", "x", "there is no such setting. There are: AllowedDomains, Cpus, DiskSpace, MaxOutput, MaxProcesses, Memory, Network, ReadOnlyRootFilesystem, User.")]
    [InlineData("Languages:0:Program", "ruby", "there is no such setting. There are: Aliases, Arguments, Extension, LineComments, Name, Programs.")]
    public void A_wrong_setting_is_one_clear_error_that_names_its_key(string key, string? value, string message, string? named = null)
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => new CodeExecutorFactory().Create(Settings.Section((key, value))));
        Assert.Equal($"{$"Executor:{named ?? key}".TrimEnd(':')}: {message}", e.Message);
    }

    [Theory]
    [InlineData("ReadOnlyPaths:0", "data", "ReadOnlyPaths must hold absolute paths, not 'data'.")]
    [InlineData("Environment:A=B", "c", "'A=B' is not the name of an environment variable.")]
    public void What_only_the_executor_checks_names_the_section_and_the_option(string key, string value, string message) =>
        Assert.Equal(
            $"Executor: {message}",
            Assert.ThrowsAny<ArgumentException>(() => new CodeExecutorFactory().Create(Settings.Section((key, value)))).Message);

    [Fact]
    public void The_source_generated_binder_loses_no_option()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new();
        WithoutLanguages(Settings.Bubblewrap).Bind(options);
        AssertAllButLanguages(options);
    }

    [Fact]
    public void The_binder_that_reflects_loses_no_option()
    {
        // A method group is not intercepted by the source generator.
        Action<IConfiguration, object> bind = ConfigurationBinder.Bind;
        BubblewrapCommandLineCodeExecutorOptions options = new();
        bind(WithoutLanguages(Settings.Bubblewrap), options);
        AssertAllButLanguages(options);
    }

    /// <summary>Configuration cannot hold what is left out.</summary>
    /// <summary>Secrets are not written, and the file of authorities has to be there: both have tests of their own.</summary>
    private static bool IsNoCode(KeyValuePair<string, string> option) => option.Key is not
        ("Functions" or "FunctionApproval" or "Egress.Approve" or "Egress.Secrets" or "Egress.AuthoritiesFile");

    /// <summary>Whether an option is refused where the policy has no list of allowed domains.</summary>
    private static bool IsOfAList(string option) => option == "Policy.AllowedDomains" || option.StartsWith("Egress.", StringComparison.Ordinal);

    /// <summary>The binders know no defaults of a list within a language; that is for the factory.</summary>
    private static IConfigurationSection WithoutLanguages(string json)
    {
        IConfigurationSection section = Settings.Section(json);
        return new ConfigurationBuilder()
            .AddInMemoryCollection(section.AsEnumerable().Where(s => !s.Key.Contains(":Languages", StringComparison.Ordinal)))
            .Build().GetSection(section.Path);
    }

    private static void AssertAllButLanguages(BubblewrapCommandLineCodeExecutorOptions options)
    {
        BubblewrapCommandLineCodeExecutorOptions expected = Settings.BubblewrapOptions;
        expected.Languages.Clear();
        Assert.Equal(OptionsText.Of(expected), OptionsText.Of(options));
    }
}
