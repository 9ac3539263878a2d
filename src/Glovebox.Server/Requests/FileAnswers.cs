using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;

namespace Glovebox.Server.Requests;

/// <summary>Answers with a guest's file. A browser saves it: nothing of it is shown or run under the server's name.</summary>
internal static class FileAnswers
{
    public static async Task SendAsync(ApiCall call, ISandboxFiles files, SandboxFile file)
    {
        if (file.Kind != SandboxFileKind.File)
        {
            throw new ApiException(409, "not-a-file", $"'{WorkspacePath.Printable(file.Path)}' is no file.");
        }

        (long offset, long length) = RangeOf(call, file.Size);
        Stream content = await files.OpenReadAsync(file.Path, offset, length, call.Aborted).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            call.Response.ContentType = "application/octet-stream";
            call.Response.Headers.AcceptRanges = "bytes";
            call.Response.Headers.XContentTypeOptions = "nosniff";
            call.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
            call.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment")
            {
                FileNameStar = file.Name,
            }.ToString();

            // Code may change the file meanwhile, so the length is not promised but where it was asked for.
            if (call.Response.StatusCode == 206)
            {
                call.Response.Headers.ContentRange = new ContentRangeHeaderValue(offset, offset + length - 1, file.Size).ToString();
            }

            await content.CopyToAsync(call.Response.Body, call.Aborted).ConfigureAwait(false);
        }
    }

    /// <summary>One range is honoured; several, and what is no range, are answered with the whole, as RFC 9110 14.2 allows.</summary>
    private static (long Offset, long Length) RangeOf(ApiCall call, long size)
    {
        RequestHeaders headers = call.Request.GetTypedHeaders();
        if (headers.Range is not { Unit.Value: "bytes", Ranges: { Count: 1 } ranges })
        {
            return (0, size);
        }

        RangeItemHeaderValue range = ranges.First();
        long from = range.From ?? Math.Max(0, size - range.To!.Value);
        long to = range.From is null ? size - 1 : Math.Min(range.To ?? long.MaxValue, size - 1);
        if (from > to)
        {
            call.Response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{size}");
            throw new ApiException(416, "range-not-satisfiable", $"The file has {size} bytes.");
        }

        call.Response.StatusCode = 206;
        return (from, to - from + 1);
    }
}
