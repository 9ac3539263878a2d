namespace Glovebox.Tests.Platform.Docker.Support;

/// <summary>The tool <c>glovebox</c> as it was built with these tests.</summary>
public static class GloveboxTool
{
    /// <summary>Its executable, in <c>bin/Glovebox.Cli/CONFIGURATION</c> beside the tests' own folder.</summary>
    public static string Path
    {
        get
        {
            DirectoryInfo tests = new(System.IO.Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return System.IO.Path.Combine(tests.Parent!.Parent!.FullName, "Glovebox.Cli", tests.Name, "glovebox");
        }
    }
}
