using System.Security.Cryptography;
using Glovebox.Agents.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>An input of the interpreter that becomes a file.</summary>
/// <param name="Path">Its place in the work directory.</param>
/// <param name="Identity">Two inputs with the same path and identity are the same.</param>
/// <param name="OpenAsync">Opens it; gives null when it cannot be had.</param>
internal sealed record CodeInterpreterInput(string Path, string Identity, Func<CancellationToken, ValueTask<Stream?>> OpenAsync)
{
    /// <summary>Gives the inputs that can become files.</summary>
    public static IReadOnlyList<CodeInterpreterInput> From(
        IEnumerable<AIContent> contents, Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? openHostedFile)
    {
        List<CodeInterpreterInput> inputs = [];
        foreach (AIContent content in contents)
        {
            if (content is DataContent data)
            {
                string path = Named(data.Name, $"input-{inputs.Count + 1}{MediaTypes.Extension(data.MediaType)}");
                string identity = Convert.ToHexString(SHA256.HashData(data.Data.Span));
                inputs.Add(new(path, identity, _ => ValueTask.FromResult<Stream?>(new MemoryStream(data.Data.ToArray(), writable: false))));
            }
            else if (content is HostedFileContent file && openHostedFile is not null)
            {
                inputs.Add(new(Named(file.Name, file.FileId), file.FileId, cancellationToken => openHostedFile(file, cancellationToken)));
            }
        }

        return inputs;
    }

    private static string Named(string? name, string otherwise) => string.IsNullOrWhiteSpace(name) ? otherwise : name;
}
