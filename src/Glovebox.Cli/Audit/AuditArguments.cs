using System.CommandLine;
using System.CommandLine.Parsing;
using Glovebox.Audit;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Audit;

/// <summary>The options that say where an audit is kept and what of, for every command that runs code.</summary>
internal sealed class AuditArguments
{
    private const int LargestKey = 64 << 10;

    private static readonly string[] Contents = ["code", "output", "arguments"];

    private readonly Option<string?> _audit = new("--audit")
    {
        Description = "The file, of JSON lines, that keeps who ran what, where, with which result. It is added to.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _include = new("--audit-include")
    {
        Description = "What --audit keeps, too: code, output, or arguments of functions. May be given more than once.",
    };

    private readonly Option<string?> _key = Key("--audit-key", "The file with the key that --audit makes lines with.");

    public AuditArguments()
    {
        _audit.Validators.Add(ExecutorArguments.NotEmpty);
        ExecutorArguments.AcceptOnly(_include, Contents);
        foreach (Option option in new Option[] { _include, _key })
        {
            option.Validators.Add(NeedsAudit);
        }
    }

    public IEnumerable<Option> Options => [_audit, _include, _key];

    public AuditRequest? Read(ParseResult parsed) => parsed.GetValue(_audit) is { } file
        ? new(file, parsed.GetValue(_include) ?? [], parsed.GetValue(_key))
        : null;

    public static Option<string?> Key(string name, string description)
    {
        Option<string?> option = new(name) { Description = description, HelpName = "FILE" };
        option.Validators.Add(ExecutorArguments.NotEmpty);
        return option;
    }

    /// <summary>Reads a key: all bytes of a file.</summary>
    /// <exception cref="CliException">It cannot be read, or is no key.</exception>
    public static byte[] ReadKey(string path, string option)
    {
        string shown = TerminalText.Line(path);
        try
        {
            if (!File.Exists(path))
            {
                throw CliException.Usage($"There is no file '{shown}' for {option}.");
            }

            long size = new FileInfo(path).Length;
            return size is >= FileAuditSinkOptions.MinKeyBytes and <= LargestKey ? File.ReadAllBytes(path) : throw CliException.Usage(
                $"The key '{shown}' has {size} bytes; it takes {FileAuditSinkOptions.MinKeyBytes} to {LargestKey}.",
                "Make one: head -c 32 /dev/urandom > FILE");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"The key '{shown}' cannot be read: {TerminalText.Line(e.Message)}");
        }
    }

    private void NeedsAudit(OptionResult result)
    {
        if (!result.Implicit && result.GetResult(_audit) is null)
        {
            result.AddError($"{result.Option.Name} needs --audit FILE.");
        }
    }
}
