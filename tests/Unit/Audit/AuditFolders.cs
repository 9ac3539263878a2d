using Glovebox.Audit;

namespace Glovebox.Tests.Unit.Audit;

/// <summary>Audit files of tests.</summary>
internal static class AuditFolders
{
    extension(TestFolder folder)
    {
        public string Audit => folder["audit.jsonl"];

        /// <summary>Keeps some events, and closes the file.</summary>
        public async Task KeepAsync(int events, FileAuditSinkOptions? options = null)
        {
            using FileAuditSink sink = new(folder.Audit, options);
            for (int i = 0; i < events; i++)
            {
                await sink.WriteAsync(Ended(i), TestContext.Current.CancellationToken);
            }
        }

        public Task<AuditChainReport> VerifyAsync(ReadOnlyMemory<byte> key = default) =>
            AuditChain.VerifyAsync(AuditChain.FilesOf(folder.Audit), key, null, TestContext.Current.CancellationToken);
    }

    public static ExecutionEndedEvent Ended(int exitCode) => new()
    {
        Time = new(2026, 11, 30, 1, 2, 3, TimeSpan.Zero),
        Execution = Guid.Empty,
        Executor = "Test",
        Outcome = AuditOutcome.Completed,
        ExitCode = exitCode,
        BlocksEnded = 1,
        Duration = TimeSpan.FromSeconds(1),
    };

    /// <summary>Checks bytes as the only file.</summary>
    public static async Task<AuditChainReport> CheckAsync(byte[] bytes, ReadOnlyMemory<byte> key = default)
    {
        AuditChainCheck check = new(key, null);
        await check.FileAsync("audit.jsonl", new MemoryStream(bytes), isLast: true, TestContext.Current.CancellationToken);
        return check.Report(["audit.jsonl"]);
    }
}
