using System.Globalization;
using System.Text;
using System.Text.Json;
using Glovebox.Audit;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Audit;

/// <summary>One <c>glovebox audit verify</c>.</summary>
internal static class AuditVerification
{
    private const int Broken = 1;

    /// <exception cref="CliException">A file cannot be read, or the key is missing.</exception>
    public static async Task<int> RunAsync(
        string[] files, string? keyFile, string? expectedHash, bool json, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> key = keyFile is null ? default(ReadOnlyMemory<byte>) : AuditArguments.ReadKey(keyFile, "--key");
        foreach (string file in files)
        {
            MustExist(file);
        }

        AuditChainReport report;
        try
        {
            report = await AuditChain.VerifyAsync(
                files.Length == 1 ? AuditChain.FilesOf(files[0]) : [.. files.Distinct(StringComparer.Ordinal)],
                key,
                expectedHash,
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"The audit cannot be read: {TerminalText.Line(e.Message)}");
        }
        catch (AuditException e)
        {
            throw CliException.Usage(e.Message, "Name the file of the key with --key.");
        }

        StandardStream.Output.Write(
            json ? JsonSerializer.Serialize(report, JsonReportContext.Readable.AuditChainReport) + "\n" : Text(report, !key.IsEmpty));
        return report.IsIntact ? 0 : Broken;
    }

    private static void MustExist(string file)
    {
        string shown = TerminalText.Line(file);
        if (Directory.Exists(file))
        {
            throw CliException.Usage($"'{shown}' is a folder.", "Name the audit file in it.");
        }

        if (!File.Exists(file))
        {
            throw CliException.Usage($"There is no file '{shown}'.");
        }
    }

    private static string Text(AuditChainReport report, bool isKeyed)
    {
        StringBuilder text = new();
        foreach (AuditChainProblem problem in report.Lines == 0 ? report.Problems.Take(1) : report.Problems)
        {
            string line = problem.Line == 0 ? "" : Invariant($", line {problem.Line}");
            string number = problem.Sequence is { } sequence ? Invariant($" (number {sequence})") : "";
            string place = problem.File.Length == 0 ? "All files" : TerminalText.Line(problem.File);
            text.Append(Invariant($"{place}{line}{number}: {problem.Message}\n"));
        }

        if (report.Lines > 0 && report.ProblemCount > report.Problems.Count)
        {
            text.Append(Invariant($"And {report.ProblemCount - report.Problems.Count} more.\n"));
        }

        string files = report.Files.Count == 1 ? "1 file" : Invariant($"{report.Files.Count} files");
        if (report.Lines == 0)
        {
            return text.Append(Invariant(
                $"No line of an audit is in {files}: this is no audit file, or nothing is left of it.\n")).ToString();
        }

        text.Append(Invariant($"{report.Lines} lines in {files}, numbers {report.FirstSequence} to {report.LastSequence}: "));
        text.Append(report.IsIntact ? "the chain is intact.\n"
            : report.ProblemCount == 1 ? "the chain is broken: 1 thing is wrong.\n"
            : Invariant($"the chain is broken: {report.ProblemCount} things are wrong.\n"));
        if (report.FirstSequence > 1)
        {
            text.Append(Invariant(
                $"Numbers 1 to {report.FirstSequence - 1} are not in {files}: old files are deleted, if that was asked for.\n"));
        }

        if (report.IsIntact)
        {
            text.Append(Invariant($"The last hash is {report.LastHash}.\n"));
            text.Append(isKeyed
                ? "Whether lines are missing at the end, only a hash that was noted elsewhere shows (--expect).\n"
                : "Whether lines are missing at the end, or all was written again, only a hash that was noted elsewhere shows "
                    + "(--expect).\n");
        }

        return text.ToString();
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
