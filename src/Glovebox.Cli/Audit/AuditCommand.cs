using System.CommandLine;
using Glovebox.Cli.Executors;

namespace Glovebox.Cli.Audit;

/// <summary><c>glovebox audit</c>: its commands and their options.</summary>
internal static class AuditCommand
{
    public const string VerifyName = "verify";

    /// <summary>What <c>glovebox audit verify --help</c> says beyond the options.</summary>
    public const string Notes =
        """
        Exit code:
          0 when the chain is intact; 1 when it is broken; 2 for wrong usage, and for a file that cannot be read.

        Files:
          One FILE stands for itself and for the full ones beside it (audit-000000000001.jsonl and so on). More than one stand for
          themselves, in any order.

        What is found:
          Every line that was changed, removed, added or moved. Not found are lines that are missing at the end and, without a key,
          an audit that was written again as a whole: note the last hash elsewhere, and give it as --expect later.

        Examples:
          glovebox run reply.md --audit audit.jsonl
          glovebox audit verify audit.jsonl

        """;

    public static Command Create(Option<bool> json)
    {
        Argument<string[]> files = new("FILE")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "The file that --audit wrote.",
        };
        Option<string?> key = AuditArguments.Key("--key", "The file with the key that the audit was made with.");
        Option<string?> expect = new("--expect")
        {
            Description = "The hash of a line that must be there, as an earlier check printed it.",
            HelpName = "HASH",
        };
        expect.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (result.Tokens[0].Value.Length != 64 || !result.Tokens[0].Value.All(char.IsAsciiHexDigitLower)))
            {
                result.AddError("--expect takes the 64 digits of a hash.");
            }
        });
        files.Validators.Add(ExecutorArguments.NoOption);
        Command verify = new(VerifyName, "Checks that no line of an audit was changed, removed, added or moved.")
        {
            files, key, expect, json,
        };
        verify.SetAction((parsed, cancellationToken) => AuditVerification.RunAsync(
            parsed.GetValue(files)!, parsed.GetValue(key), parsed.GetValue(expect), parsed.GetValue(json), cancellationToken));
        return new("audit", "Looks at the files that --audit writes.") { verify };
    }
}
