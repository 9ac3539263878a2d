using System.Diagnostics;

namespace Glovebox.Tests.Docs;

/// <summary>The site of the documentation; <c>./test</c> makes the whole of it.</summary>
public sealed class SiteTests
{
    private const string Libraries = "artifacts/bin/Glovebox.Cli/release";

    [Fact]
    public async Task What_leads_nowhere_fails_the_site()
    {
        using TestFolder copy = new();
        foreach (string part in (string[])["eng/api-reference", ".config/dotnet-tools.json", "docs/site", "src/icon.png", Libraries])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(copy[part])!);
            Assert.Equal(0, (await RunAsync("cp", "-r", Repository.File(part), copy[part])).ExitCode);
        }

        // One library is enough.
        Edit(copy["docs/site/docfx.json"], "\"Glovebox.dll\", \"Glovebox.Docker.dll\", ", "");
        Edit(copy["docs/site/docfx.json"], ", \"Glovebox.Agents.dll\"", "");
        string comment = "<member name=\"T:Glovebox.Jupyter.JupyterCodeExecutor\">\n            <summary>";
        Edit(copy[$"{Libraries}/Glovebox.Jupyter.xml"], comment, comment + "<see cref=\"T:Glovebox.Jupyter.Kernels.KernelBlockRunner\"/>");
        await File.WriteAllTextAsync(copy["docs/site/guide.yml"], "- name: Page\n  href: ../README.md\n- name: Gone\n  href: gone.md\n");
        await File.WriteAllTextAsync(
            copy["README.md"],
            "# Page\n\n[file](nowhere.md) [heading](#nothing) [name](xref:Glovebox.Nothing) [sample](samples/One)\n");
        Directory.CreateDirectory(copy["samples/One"]);
        await File.WriteAllTextAsync(copy["samples/One/Program.cs"], "return 0;\n");

        (int exitCode, string output) = await RunAsync(copy["eng/api-reference"], "--no-build", copy["site"]);

        Assert.Equal(1, exitCode);
        string[] found =
            ["~/nowhere.md", "named 'nothing'", "\"Glovebox.Nothing\"", "~/docs/gone.md", "KernelBlockRunner is not in the public API"];
        Assert.All(found, wrong => Assert.Contains(wrong, output, StringComparison.Ordinal));
        Assert.DoesNotContain("samples/One", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(copy["site"]));
    }

    private static void Edit(string file, string old, string now)
    {
        string text = File.ReadAllText(file);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(old, now, StringComparison.Ordinal));
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string output = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
