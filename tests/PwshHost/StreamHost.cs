using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;
using System.Text;

namespace PwshHost;

/// <summary>A host without a console: text goes to the two output streams at once, and nobody answers questions.</summary>
internal sealed class StreamHost : PSHost
{
    private readonly Streams _streams = new();

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "ConsoleHost";

    public override PSHostUserInterface UI => _streams;

    public override Version Version { get; } = typeof(PSObject).Assembly.GetName().Version!;

    /// <summary>Whether results go to standard error.</summary>
    public bool PrintsToErrors
    {
        set => _streams.PrintsToErrors = value;
    }

    /// <summary>What <c>exit</c> said; null when the script did not.</summary>
    public int? ExitCode { get; private set; }

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw NotInteractive();

    public override void ExitNestedPrompt() => throw NotInteractive();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    private static PSInvalidOperationException NotInteractive() => new("PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.");

    private sealed class Streams : PSHostUserInterface
    {
        private readonly StreamWriter _output = Open(Console.OpenStandardOutput());
        private readonly StreamWriter _errors = Open(Console.OpenStandardError());

        public bool PrintsToErrors { get; set; }

        public override PSHostRawUserInterface? RawUI => null;

        private StreamWriter Results => PrintsToErrors ? _errors : _output;

        public override void Write(string value) => Results.Write(Plain(value));

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Results.Write(Plain(value));

        public override void WriteLine(string value) => Results.WriteLine(Plain(value));

        public override void WriteErrorLine(string value) => _errors.WriteLine(Plain(value));

        public override void WriteWarningLine(string message) => Results.WriteLine("WARNING: " + message);

        public override void WriteVerboseLine(string message) => Results.WriteLine("VERBOSE: " + message);

        public override void WriteDebugLine(string message) => Results.WriteLine("DEBUG: " + message);

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override string ReadLine() => throw NotInteractive();

        public override SecureString ReadLineAsSecureString() => throw NotInteractive();

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw NotInteractive();

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => throw NotInteractive();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw NotInteractive();

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
            throw NotInteractive();

        /// <summary>Without colours, as <c>pwsh</c> prints to what is no terminal.</summary>
        private static string Plain(string text) => new StringDecorated(text).ToString(OutputRendering.PlainText);

        private static StreamWriter Open(Stream stream) => new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
    }
}
