using System.Text;
using System.Text.Json;
using Glovebox.Audit;

namespace Glovebox.Tests.Unit.Audit;

/// <summary>The file of an audit: rotated, gone on with, locked, mended.</summary>
public sealed class FileAuditSinkTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_are_there_as_soon_as_they_are_kept_and_for_their_owner_alone()
    {
        using FileAuditSink sink = new(_folder.Audit);
        await sink.WriteAsync(AuditFolders.Ended(7), Ct);
        string[] lines = await File.ReadAllLinesAsync(_folder.Audit, Ct);
        Assert.Equal(2, lines.Length);
        AuditEvent read = JsonDocument.Parse(lines[1]).RootElement.GetProperty("event").Deserialize(AuditJson.Event)!;
        Assert.Equal(7, Assert.IsType<ExecutionEndedEvent>(read).ExitCode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(_folder.Audit));
    }

    /// <summary>It would be taken for a part of another audit, and deleted as one.</summary>
    [Theory]
    [InlineData("audit-20261101120000.jsonl")]
    [InlineData("audit-000000000001.jsonl")]
    public void A_name_that_a_full_file_has_is_refused(string name)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new FileAuditSink(_folder[name]));
        Assert.Contains("is the name of a full file", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder[name]));
    }

    [Fact]
    public async Task A_name_with_a_date_is_a_name()
    {
        using FileAuditSink sink = new(_folder["audit-20261101.jsonl"]);
        await sink.WriteAsync(AuditFolders.Ended(7), Ct);
        Assert.Equal(sink.FilePath, Assert.Single(AuditChain.FilesOf(sink.FilePath)));
    }

    [Fact]
    public async Task A_file_that_others_could_read_is_closed_to_them()
    {
        await _folder.KeepAsync(0);
        _folder.SetMode("audit.jsonl", "644");
        await _folder.KeepAsync(0);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(_folder.Audit));
    }

    [Fact]
    public async Task A_full_file_is_renamed_and_the_chain_goes_on_over_files_and_processes()
    {
        FileAuditSinkOptions options = new() { MaxFileSize = 4096 };
        await _folder.KeepAsync(20, options);
        await _folder.KeepAsync(20, options);
        IReadOnlyList<string> files = AuditChain.FilesOf(_folder.Audit);
        Assert.True(files.Count > 3, $"{files.Count} files");
        Assert.Equal("audit-000000000001.jsonl", Path.GetFileName(files[0]));
        Assert.All(files, f => Assert.True(new FileInfo(f).Length <= 4096));
        AuditChainReport report = await AuditChain.VerifyAsync([.. files.Reverse()], default, null, Ct);
        Assert.Empty(report.Problems);
        Assert.Equal((42, 1, 42), (report.Lines, report.FirstSequence, report.LastSequence));
        Assert.Equal(files, report.Files);
    }

    [Fact]
    public async Task Old_files_are_deleted_where_that_is_asked_for_and_those_that_are_missing_otherwise_are_found()
    {
        await _folder.KeepAsync(40, new() { MaxFileSize = 4096, KeptFiles = 2 });
        IReadOnlyList<string> files = AuditChain.FilesOf(_folder.Audit);
        Assert.Equal(3, files.Count);
        AuditChainReport report = await _folder.VerifyAsync();
        Assert.True(report.IsIntact);
        Assert.True(report.FirstSequence > 1);

        File.Delete(files[1]);
        Assert.Equal(AuditChainProblemKind.Missing, Assert.Single((await _folder.VerifyAsync()).Problems).Kind);
        File.Delete(files[0]);
        Assert.Equal(AuditChainProblemKind.Missing, Assert.Single((await _folder.VerifyAsync()).Problems).Kind);
    }

    [Fact]
    public async Task The_first_line_of_a_full_file_cannot_be_taken_away()
    {
        await _folder.KeepAsync(40, new() { MaxFileSize = 4096 });
        string first = AuditChain.FilesOf(_folder.Audit)[0];
        await File.WriteAllLinesAsync(first, (await File.ReadAllLinesAsync(first, Ct))[1..], Ct);
        Assert.Equal(AuditChainProblemKind.Missing, Assert.Single((await _folder.VerifyAsync()).Problems).Kind);
    }

    [Fact]
    public async Task Where_only_full_files_are_left_the_chain_goes_on_from_them()
    {
        await _folder.KeepAsync(40, new() { MaxFileSize = 4096 });
        File.Move(_folder.Audit, _folder["audit-" + Number(await FirstAsync(_folder.Audit)) + ".jsonl"]);
        await _folder.KeepAsync(1);
        AuditChainReport report = await _folder.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(43, report.LastSequence);

        static string Number(long n) => n.ToString("D12", System.Globalization.CultureInfo.InvariantCulture);

        static async Task<long> FirstAsync(string file) =>
            JsonDocument.Parse((await File.ReadAllLinesAsync(file, Ct))[0]).RootElement.GetProperty("seq").GetInt64();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(-1)]
    public async Task A_line_that_a_crash_cut_short_is_said_and_mended(int length)
    {
        await _folder.KeepAsync(2);
        byte[] whole = await File.ReadAllBytesAsync(_folder.Audit, Ct);
        int last = Array.LastIndexOf(whole, (byte)'\n', whole.Length - 2) + 1;
        int end = length < 0 ? whole.Length - 1 : last + length;
        await File.WriteAllBytesAsync(_folder.Audit, whole[..end], Ct);
        Assert.Equal(AuditChainProblemKind.Torn, Assert.Single((await _folder.VerifyAsync()).Problems).Kind);

        await _folder.KeepAsync(1);
        AuditChainReport report = await _folder.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(4, report.LastSequence);
        AuditOpenedEvent opened = Assert.IsType<AuditOpenedEvent>(
            JsonDocument.Parse((await File.ReadAllLinesAsync(_folder.Audit, Ct))[2]).RootElement.GetProperty("event").Deserialize(AuditJson.Event));
        Assert.Equal(end - last, opened.TornBytes);
        Assert.Equal(Encoding.UTF8.GetString(whole[last..end]), opened.TornText);
    }

    [Fact]
    public async Task What_a_machine_without_power_leaves_is_mended_too()
    {
        await _folder.KeepAsync(1);
        await File.AppendAllTextAsync(_folder.Audit, new string('\0', 300), Ct);
        await _folder.KeepAsync(1);
        Assert.True((await _folder.VerifyAsync()).IsIntact);
    }

    [Fact]
    public async Task Two_sinks_cannot_write_to_one_file()
    {
        using (FileAuditSink first = new(_folder.Audit))
        {
            AuditException error = Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit));
            Assert.Contains("is written to by another process", error.Message, StringComparison.Ordinal);
            await first.WriteAsync(AuditFolders.Ended(0), Ct);
        }

        await _folder.KeepAsync(1);
        Assert.True((await _folder.VerifyAsync()).IsIntact);
    }

    [Fact]
    public async Task Many_callers_make_one_chain()
    {
        using (FileAuditSink sink = new(_folder.Audit, new() { MaxFileSize = 8192 }))
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
                async () =>
                {
                    for (int i = 0; i < 25; i++)
                    {
                        await sink.WriteAsync(AuditFolders.Ended(i), Ct);
                    }
                },
                Ct)));
        }

        AuditChainReport report = await _folder.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.Equal(201, report.LastSequence);
    }

    [Fact]
    public void A_path_through_a_link_is_refused()
    {
        Directory.CreateDirectory(_folder["real"]);
        Directory.CreateSymbolicLink(_folder["way"], _folder["real"]);
        AuditException error = Assert.Throws<AuditException>(() => new FileAuditSink(Path.Combine(_folder["way"], "audit.jsonl")));
        Assert.Contains("is reached through a link", error.Message, StringComparison.Ordinal);
        Assert.Equal($"Name '{_folder["real"]}' instead.", error.Hint);

        File.WriteAllText(_folder["precious"], "");
        File.CreateSymbolicLink(_folder.Audit, _folder["precious"]);
        Assert.Contains("is a link", Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit)).Message, StringComparison.Ordinal);
        Assert.Empty(File.ReadAllText(_folder["precious"]));
        File.Delete(_folder.Audit);
        File.Delete(_folder["audit.jsonl.lock"]);
        File.CreateSymbolicLink(_folder["audit.jsonl.lock"], _folder["elsewhere"]);
        Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit));
        Assert.False(File.Exists(_folder["elsewhere"]));
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("hello\n")]
    [InlineData("{\"seq\":1}\n")]
    [InlineData("\n")]
    public async Task Nothing_is_added_to_what_is_no_audit_file(string content)
    {
        await File.WriteAllTextAsync(_folder.Audit, content, Ct);
        Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit));
        Assert.Equal(content, await File.ReadAllTextAsync(_folder.Audit, Ct));
    }

    [Fact]
    public async Task Nothing_is_added_after_a_last_line_that_was_changed()
    {
        await _folder.KeepAsync(1);
        string text = await File.ReadAllTextAsync(_folder.Audit, Ct);
        await File.WriteAllTextAsync(_folder.Audit, text.Replace("Completed", "Cancelled", StringComparison.Ordinal), Ct);
        Assert.Contains("was changed", Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_is_not_gone_on_with_by_another_key()
    {
        await _folder.KeepAsync(1, new() { Key = new byte[16] });
        Assert.Contains(
            "written with a key", Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "made with another key",
            Assert.Throws<AuditException>(() => new FileAuditSink(_folder.Audit, new() { Key = "another key of some length"u8.ToArray() })).Message,
            StringComparison.Ordinal);
        await _folder.KeepAsync(1, new() { Key = new byte[16] });
        Assert.True((await _folder.VerifyAsync(new byte[16])).IsIntact);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("replaced")]
    [InlineData("cut")]
    [InlineData("added to")]
    public async Task What_another_program_does_to_the_file_is_found_before_the_next_line(string what)
    {
        using FileAuditSink sink = new(_folder.Audit);
        await sink.WriteAsync(AuditFolders.Ended(0), Ct);
        switch (what)
        {
            case "deleted":
                File.Delete(_folder.Audit);
                break;
            case "replaced":
                File.Copy(_folder.Audit, _folder["copy"]);
                File.Move(_folder["copy"], _folder.Audit, overwrite: true);
                break;
            case "cut":
                using (FileStream file = new(_folder.Audit, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.SetLength(10);
                }

                break;
            default:
                await File.AppendAllTextAsync(_folder.Audit, "x", Ct);
                break;
        }

        AuditException error = await Assert.ThrowsAsync<AuditException>(() => sink.WriteAsync(AuditFolders.Ended(1), Ct).AsTask());
        Assert.Contains("by another program", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("folder/")]
    [InlineData("/tmp")]
    [InlineData("a\0b")]
    public void A_path_that_names_no_file_is_refused(string path) => Assert.Throws<ArgumentException>(() => new FileAuditSink(path));

    [Fact]
    public void A_folder_that_is_missing_is_said() => Assert.Contains(
        "There is no folder", Assert.Throws<AuditException>(() => new FileAuditSink(_folder["none/audit.jsonl"])).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileAuditSinkOptions { MaxFileSize = 4095 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileAuditSinkOptions { KeptFiles = 0 });
        Assert.Throws<ArgumentException>(() => new FileAuditSinkOptions { Key = new byte[15] });
        FileAuditSinkOptions defaults = new();
        Assert.Equal((64 << 20, null, 0), (defaults.MaxFileSize, defaults.KeptFiles, defaults.Key.Length));
    }

    [Fact]
    public async Task A_closed_sink_keeps_nothing()
    {
        FileAuditSink sink = new(_folder.Audit);
        sink.Dispose();
        sink.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sink.WriteAsync(AuditFolders.Ended(0), Ct).AsTask());
    }

    public void Dispose() => _folder.Dispose();
}
