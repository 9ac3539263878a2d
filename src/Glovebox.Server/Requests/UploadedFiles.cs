using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Glovebox.Server.Requests;

/// <summary>The files of a form, one after another as they come: none is kept here.</summary>
internal static class UploadedFiles
{
    private const int LongestBoundary = 200;

    /// <exception cref="ApiException">The body is no form, or has no file.</exception>
    public static async IAsyncEnumerable<(string Name, Stream Content)> ReadAsync(ApiCall call)
    {
        string boundary = MediaTypeHeaderValue.TryParse(call.Request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            ? HeaderUtilities.RemoveQuotes(type.Boundary).ToString()
            : "";
        if (boundary.Length is 0 or > LongestBoundary)
        {
            throw ApiException.Invalid("The body is to be a form (multipart/form-data) with files.");
        }

        MultipartReader reader = new(boundary, call.Request.Body);
        bool any = false;
        while (await NextAsync(reader, call).ConfigureAwait(false) is { } section)
        {
            if (ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out ContentDispositionHeaderValue? disposition)
                && disposition.IsFileDisposition())
            {
                any = true;
                yield return (NameOf(disposition), section.Body);
            }
        }

        if (!any)
        {
            throw ApiException.Invalid("The form has no file.");
        }
    }

    private static async Task<MultipartSection?> NextAsync(MultipartReader reader, ApiCall call)
    {
        try
        {
            return await reader.ReadNextSectionAsync(call.Aborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException && !call.Aborted.IsCancellationRequested)
        {
            throw ApiException.Invalid("The form is not whole, or not one.");
        }
    }

    /// <summary>A name below the folder that the files go to. What leads elsewhere is refused.</summary>
    private static string NameOf(ContentDispositionHeaderValue disposition)
    {
        string name = HeaderUtilities.RemoveQuotes(
            disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).ToString();
        return name.Length == 0 || name.Contains('\0') || name.StartsWith('/') || name.Split('/').Any(p => p is "" or "." or "..")
            ? throw ApiException.Invalid("A file of the form has a name that leads elsewhere, or none.")
            : name;
    }
}
