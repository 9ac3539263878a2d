using System.Collections;
using System.Management.Automation;

namespace PwshHost;

// PowerShell's own are in a module that no package holds.

[Cmdlet(VerbsCommunications.Write, "Output")]
public sealed class WriteOutputCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ValueFromRemainingArguments = true)]
    [AllowNull]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    protected override void ProcessRecord() => WriteObject(InputObject, enumerateCollection: !NoEnumerate);
}

[Cmdlet(VerbsCommunications.Write, "Host")]
public sealed class WriteHostCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromRemainingArguments = true)]
    [Alias("Object")]
    public object? Value { get; set; }

    [Parameter]
    public SwitchParameter NoNewline { get; set; }

    protected override void ProcessRecord()
    {
        string text = Text(Value);
        if (NoNewline)
        {
            Host.UI.Write(text);
        }
        else
        {
            Host.UI.WriteLine(text);
        }
    }

    private static string Text(object? value) => (value is PSObject wrapped ? wrapped.BaseObject : value) switch
    {
        null => "",
        string s => s,
        IEnumerable items => string.Join(' ', items.Cast<object?>().Select(Text)),
        var other => LanguagePrimitives.ConvertTo<string>(other),
    };
}

[Cmdlet(VerbsCommunications.Write, "Error", DefaultParameterSetName = "Message")]
public sealed class WriteErrorCommand : PSCmdlet
{
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Message")]
    [AllowEmptyString]
    public string Message { get; set; } = "";

    [Parameter(Mandatory = true, ParameterSetName = "Exception")]
    public Exception? Exception { get; set; }

    protected override void ProcessRecord() => WriteError(new ErrorRecord(
        Exception ?? new WriteErrorException(Message), "Microsoft.PowerShell.Commands.WriteErrorException", ErrorCategory.NotSpecified, null));
}

/// <summary>What <c>Write-Error</c> says.</summary>
public sealed class WriteErrorException(string message) : Exception(message);
