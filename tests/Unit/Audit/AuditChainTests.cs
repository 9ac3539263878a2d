using System.Text;
using Glovebox.Audit;

namespace Glovebox.Tests.Unit.Audit;

/// <summary>What the chain of an audit file shows.</summary>
public sealed class AuditChainTests : IDisposable
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly TestFolder _folder = new();

    [Fact]
    public async Task A_file_as_it_was_written_is_intact()
    {
        await _folder.KeepAsync(4);
        AuditChainReport report = await _folder.VerifyAsync();
        Assert.Empty(report.Problems);
        Assert.True(report.IsIntact);
        Assert.Equal((5, 1, 5, false), (report.Lines, report.FirstSequence, report.LastSequence, report.IsKeyed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_byte_that_is_changed_removed_or_added_is_found(bool isKeyed)
    {
        ReadOnlyMemory<byte> key = isKeyed ? Key : default(ReadOnlyMemory<byte>);
        await _folder.KeepAsync(3, new() { Key = key });
        byte[] whole = await File.ReadAllBytesAsync(_folder.Audit, TestContext.Current.CancellationToken);
        Assert.True((await AuditFolders.CheckAsync(whole, key)).IsIntact);
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] head = whole[..i];
            foreach (byte other in new[] { (byte)(whole[i] ^ 1), (byte)(whole[i] ^ 0x20), (byte)'\n', (byte)0, (byte)0xff })
            {
                if (other != whole[i])
                {
                    await IsFoundAsync([.. head, other, .. whole[(i + 1)..]], $"byte {i} became {other}");
                }

                await IsFoundAsync([.. head, other, .. whole[i..]], $"{other} was added before byte {i}");
            }

            await IsFoundAsync([.. head, .. whole[(i + 1)..]], $"byte {i} was removed");
        }

        await IsFoundAsync([.. whole, (byte)'\n'], "a line feed was added at the end");

        async Task IsFoundAsync(byte[] changed, string what) =>
            Assert.False((await AuditFolders.CheckAsync(changed, key)).IsIntact, what);
    }

    [Fact]
    public async Task Every_line_that_is_removed_repeated_or_moved_is_found()
    {
        await _folder.KeepAsync(5);
        string[] lines = await File.ReadAllLinesAsync(_folder.Audit, TestContext.Current.CancellationToken);
        for (int i = 0; i < lines.Length; i++)
        {
            for (int j = 0; j < lines.Length; j++)
            {
                List<string> moved = [.. lines];
                moved.RemoveAt(i);
                moved.Insert(j, lines[i]);
                List<string> repeated = [.. lines];
                repeated.Insert(j, lines[i]);
                Assert.Equal(i == j, (await CheckAsync(moved)).IsIntact);
                Assert.False((await CheckAsync(repeated)).IsIntact, $"{i} repeated at {j}");
            }

            // What is missing at the end, only a hash that was noted shows.
            Assert.Equal(i == lines.Length - 1, (await CheckAsync([.. lines.Where((_, n) => n != i)])).IsIntact);
        }
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_its_place()
    {
        await _folder.KeepAsync(6);
        string[] lines = await File.ReadAllLinesAsync(_folder.Audit, TestContext.Current.CancellationToken);
        string changed = lines[2].Replace("\"exitCode\":1", "\"exitCode\":0", StringComparison.Ordinal);
        string another = Encoding.UTF8.GetString(AuditLine.Make(5, new('a', 64), "{}"u8, default, out _)).TrimEnd();
        string torn = lines[6][..30];
        AuditChainReport report = await AuditFolders.CheckAsync(Encoding.UTF8.GetBytes(string.Join(
            '\n', lines[0], changed, lines[3], "hello", another, lines[5], lines[3], torn)));
        Assert.Equal(
            [
                (AuditChainProblemKind.Changed, 2, 3),
                (AuditChainProblemKind.Missing, 2, 3),
                (AuditChainProblemKind.NotALine, 4, null),
                (AuditChainProblemKind.NotLinked, 5, 5),
                (AuditChainProblemKind.NotLinked, 6, 6),
                (AuditChainProblemKind.OutOfOrder, 7, 4),
                (AuditChainProblemKind.Torn, 8, null),
            ],
            report.Problems.Select(p => (p.Kind, p.Line, p.Sequence)));
        Assert.Equal("Line 2 of the audit is missing before it.", report.Problems[1].Message);
        Assert.Equal(7, report.ProblemCount);
    }

    [Fact]
    public async Task One_change_is_one_problem()
    {
        await _folder.KeepAsync(4);
        string text = await File.ReadAllTextAsync(_folder.Audit, TestContext.Current.CancellationToken);
        foreach ((string from, string to) in new[] { ("\"exitCode\":1", "\"exitCode\":2"), ("{\"seq\":3", "{\"seQ\":3") })
        {
            byte[] changed = Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
            Assert.Equal(3, Assert.Single((await AuditFolders.CheckAsync(changed)).Problems).Line);
        }
    }

    [Fact]
    public async Task A_flood_of_wrong_lines_is_counted_and_not_kept()
    {
        AuditChainReport report = await AuditFolders.CheckAsync(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("x\n", 500))));
        Assert.Equal(500, report.ProblemCount);
        Assert.Equal(100, report.Problems.Count);
    }

    [Fact]
    public async Task A_line_without_end_takes_bounded_memory()
    {
        byte[] huge = new byte[AuditLine.MaxBytes + (3 << 20)];
        Array.Fill(huge, (byte)'x');
        AuditChainReport report = await AuditFolders.CheckAsync([.. huge, .. "\nshort\n"u8]);
        Assert.Equal([(AuditChainProblemKind.NotALine, 1), (AuditChainProblemKind.NotALine, 2)], report.Problems.Select(p => (p.Kind, (int)p.Line)));
    }

    [Fact]
    public async Task An_audit_that_was_written_again_without_the_key_is_found()
    {
        await _folder.KeepAsync(2);
        byte[] plain = await File.ReadAllBytesAsync(_folder.Audit, TestContext.Current.CancellationToken);
        Assert.True((await AuditFolders.CheckAsync(plain)).IsIntact);
        Assert.Equal("It was made without the key.", (await AuditFolders.CheckAsync(plain, Key)).Problems[0].Message);
    }

    [Fact]
    public async Task With_another_key_nothing_is_as_it_was_written_and_without_one_nothing_can_be_said()
    {
        await _folder.KeepAsync(2, new() { Key = Key });
        Assert.Equal(3, (await _folder.VerifyAsync(new byte[32])).ProblemCount);
        AuditException error = await Assert.ThrowsAsync<AuditException>(() => _folder.VerifyAsync());
        Assert.Contains("was written with a key", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hash_that_was_noted_shows_whether_its_line_is_still_there()
    {
        string noted;
        using (FileAuditSink sink = new(_folder.Audit))
        {
            await sink.WriteAsync(AuditFolders.Ended(1), TestContext.Current.CancellationToken);
            await sink.WriteAsync(AuditFolders.Ended(2), TestContext.Current.CancellationToken);
            (long sequence, noted) = sink.LastHash;
            Assert.Equal(3, sequence);
        }

        Assert.True((await ExpectAsync(noted)).IsIntact);
        await _folder.KeepAsync(1);
        Assert.True((await ExpectAsync(noted)).IsIntact);

        // Cut after the second line: the rest is a chain.
        string[] lines = await File.ReadAllLinesAsync(_folder.Audit, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(_folder.Audit, lines[..2], TestContext.Current.CancellationToken);
        Assert.True((await _folder.VerifyAsync()).IsIntact);
        Assert.Equal(AuditChainProblemKind.NotFound, Assert.Single((await ExpectAsync(noted)).Problems).Kind);

        Task<AuditChainReport> ExpectAsync(string hash) =>
            AuditChain.VerifyAsync([_folder.Audit], default, hash, TestContext.Current.CancellationToken);
    }

    [Fact]
    public Task No_files_are_no_audit() =>
        Assert.ThrowsAsync<ArgumentException>(() => AuditChain.VerifyAsync([], default, null, TestContext.Current.CancellationToken));

    [Fact]
    public async Task An_empty_file_is_no_audit()
    {
        await File.WriteAllTextAsync(_folder.Audit, "", TestContext.Current.CancellationToken);
        Assert.Equal(AuditChainProblemKind.Empty, Assert.Single((await _folder.VerifyAsync()).Problems).Kind);
    }

    public void Dispose() => _folder.Dispose();

    private static Task<AuditChainReport> CheckAsync(IEnumerable<string> lines) =>
        AuditFolders.CheckAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));
}
