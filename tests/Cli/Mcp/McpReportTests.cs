using System.Text.Json;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Glovebox.Tests.Cli.Mcp;

/// <summary>The results for programs, beside the texts for models.</summary>
public sealed class McpReportTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_reported_with_what_it_printed_and_the_files_that_it_made_and_deleted()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        await server.RunAsync("open('old', 'w').write('x')");
        CallToolResult result = await server.RunAsync(
            "import os\nos.remove('old')\nopen('a\\nb', 'w').write('12')\nprint('10%\\r\\x1b[31m20%')\nraise SystemExit(3)");
        Assert.True(result.IsError);
        JsonElement report = result.StructuredContent!.Value;
        Assert.Equal(3, report.GetProperty("exitCode").GetInt32());
        Assert.Equal("exited", report.GetProperty("termination").GetString());
        Assert.InRange(report.GetProperty("durationMs").GetDouble(), 0.01, 60_000);
        Assert.Equal("20%\n", report.GetProperty("output").GetString());
        Assert.Equal("""[{"path":"a\nb","size":2,"setId":false}]""", report.GetProperty("files").GetRawText());
        Assert.Equal("""["old"]""", report.GetProperty("deletedFiles").GetRawText());
        Assert.False(report.GetProperty("truncated").GetBoolean());
        Assert.False(report.GetProperty("filesTruncated").GetBoolean());
        Assert.Equal("[]", report.GetProperty("notes").GetRawText());
        report = (await server.CallAsync("list_files", ("session", "main"))).StructuredContent!.Value;
        Assert.Equal("""{"files":[{"path":"a\nb","size":2,"setId":false}],"filesTruncated":false}""", report.GetRawText());
        report = (await server.CallAsync("run_code", ("language", "sh"), ("code", "sleep 600"), ("timeout", 0.1)))
            .StructuredContent!.Value;
        Assert.Equal("timedOut", report.GetProperty("termination").GetString());
    }

    [Fact]
    public async Task A_report_is_as_bounded_as_a_text_and_says_what_is_cut()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync("--max-text", "2000");
        JsonElement report = (await server.RunAsync(
            "for i in range(500): open('a rather long name of a file, number %d' % i, 'w')\n"
            + "open('broken.png', 'w').write('x')\nprint('x' * 100000)")).StructuredContent!.Value;
        Assert.InRange(report.GetProperty("output").GetString()!.Length, 1900, 2000);
        Assert.True(report.GetProperty("truncated").GetBoolean());
        Assert.InRange(report.GetProperty("files").GetArrayLength(), 20, 30);
        Assert.True(report.GetProperty("filesTruncated").GetBoolean());
        Assert.StartsWith("Not attached", report.GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
        report = (await server.CallAsync("list_files", ("session", "main"))).StructuredContent!.Value;
        Assert.InRange(report.GetProperty("files").GetArrayLength(), 20, 30);
        Assert.True(report.GetProperty("filesTruncated").GetBoolean());
    }

    [Fact]
    public async Task The_schemas_have_what_reports_have()
    {
        await using McpServerProcess server = await McpServerProcess.StartAsync();
        IList<McpClientTool> tools = await server.Client.ListToolsAsync(cancellationToken: Ct);
        Assert.Equal(["run_code", "list_files"], tools.Where(t => t.ReturnJsonSchema is not null).Select(t => t.Name));
        Assert.Equal(Names((await server.RunAsync("1")).StructuredContent), Required("run_code"));
        Assert.Equal(Names((await server.CallAsync("list_files", ("session", "main"))).StructuredContent), Required("list_files"));

        IEnumerable<string?> Required(string tool) => tools.Single(t => t.Name == tool).ReturnJsonSchema!.Value
            .GetProperty("required").EnumerateArray().Select(name => name.GetString());

        static IEnumerable<string?> Names(JsonElement? report) => report!.Value.EnumerateObject().Select(p => p.Name);
    }
}
