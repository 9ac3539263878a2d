using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Glovebox.Tests.Cli.Support;

/// <summary>A run of the tool that goes on while the test does. It ends with the test.</summary>
internal sealed partial class ToolProcess(Process process, TimeSpan longest) : IDisposable
{
    private readonly StringBuilder _read = new();
    private readonly Task<string> _errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

    public int Id => process.Id;

    /// <summary>What has been read of standard output so far.</summary>
    public string Printed => _read.ToString();

    public async Task WriteAsync(byte[] input)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
            await process.StandardInput.BaseStream.FlushAsync(TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // It has ended without reading everything.
        }
    }

    /// <summary>Types at the terminal.</summary>
    public Task TypeAsync(string keys) => WriteAsync(Encoding.UTF8.GetBytes(keys));

    /// <summary>Reads until a text has come; fails when the output ends without.</summary>
    public async Task PrintsAsync(string text)
    {
        char[] buffer = new char[4096];
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        late.CancelAfter(longest);
        while (!_read.ToString().Contains(text, StringComparison.Ordinal))
        {
            int count = await process.StandardOutput.ReadAsync(buffer, late.Token);
            Assert.True(count > 0, $"The output ended without '{text}': {_read}");
            _read.Append(buffer, 0, count);
        }
    }

    public void Signal(int number) => Assert.Equal(0, Kill(process.Id, number));

    public void EndInput() => process.StandardInput.Close();

    /// <summary>Ends standard input and waits for the end.</summary>
    public Task<ToolResult> EndAsync()
    {
        EndInput();
        return ExitAsync();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<ToolResult> ExitAsync()
    {
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(longest);
        string errors = await _errors.WaitAsync(longest);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(longest);
        return new ToolResult(process.ExitCode, _read + rest, errors);
    }

    /// <summary>Waits for the end without reading what it prints.</summary>
    public async Task<int> ExitUnreadAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(longest);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
        }

        process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int id, int signal);
}
