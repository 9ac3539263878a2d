#pragma warning disable xUnit1051 // A reader of the documents has no test context.

namespace Glovebox.Tests.Docs;

/// <summary>The C# of docs/functions.md. DocumentTests sees to it that the two are the same.</summary>
public sealed class FunctionSnippets
{
    [Fact]
    public async Task A_method_and_a_file_are_functions()
    {
        await File.WriteAllTextAsync("clean.py", "def clean(text: str) -> str:\n    return text.strip()\n");

        await using var executor = new BubblewrapCommandLineCodeExecutor(new BubblewrapCommandLineCodeExecutorOptions
        {
            Functions =
            {
                AIFunctionFactory.Create(FetchData, "fetch_data"),
                FunctionWithRequirements.FromFile("clean.py"),
            },
            FunctionsModule = "custom_tools",
        });
        await executor.StartAsync();
        string instructions = executor.FormatFunctionsForPrompt();

        File.Delete("clean.py");
        Assert.Contains("def fetch_data(url: str)", instructions, StringComparison.Ordinal);
        CodeBlock block = new("python", "from custom_tools import clean, fetch_data\nprint(clean(fetch_data('x')))");
        Assert.Equal("data of x\n", (await executor.ExecuteCodeBlocksAsync([block])).Output);
    }

    [Fact]
    public void Python_source_has_packages_and_imports()
    {
        FunctionWithRequirements clean = FunctionWithRequirements.FromSource(
            """
            def clean(path: str) -> int:
                '''Drops the incomplete rows of a CSV file, and gives how many are left.'''
                frame = pd.read_csv(path).dropna()
                frame.to_csv(path, index=False)
                return len(frame)
            """,
            "pandas").WithGlobalImports(new Alias("pandas", "pd"));

        Assert.Equal(["pandas"], clean.PythonPackages);
        Assert.Equal("clean", clean.Name);
    }

    private static string FetchData(string url) => $" data of {url} ";
}
