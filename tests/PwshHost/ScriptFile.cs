using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace PwshHost;

/// <summary>The script file as a command.</summary>
internal static class ScriptFile
{
    /// <exception cref="ParseException">It is not PowerShell.</exception>
    public static Command Command(CommandLine line)
    {
        ScriptBlockAst script = Parser.ParseFile(line.File, out _, out ParseError[] errors);
        if (errors.Length > 0)
        {
            throw new ParseException(errors);
        }

        Hashtable named = [];
        List<object?> placed = [];
        foreach ((string? name, object? value) in line.Arguments)
        {
            if (name is null)
            {
                placed.Add(value);
            }
            else
            {
                named[name] = value;
            }
        }

        // A block and not the file's name: 'exit' ends a file that was called by name, but not the host, and then its code is lost.
        Command command = new("param($script, $named, $placed) . $script @named @placed", isScript: true, useLocalScope: false);
        command.Parameters.Add("script", script.GetScriptBlock());
        command.Parameters.Add("named", named);
        command.Parameters.Add("placed", placed.ToArray());
        return command;
    }
}
