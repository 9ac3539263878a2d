using Glovebox.Server.Hosting;
using Glovebox.Server.Requests;
using Glovebox.Server.Sessions;

namespace Glovebox.Server.Native;

/// <summary>Files of a session, anywhere in its sandbox, with the rights of its code.</summary>
internal sealed class FileRoutes(
    ServerSessions sessions, SessionRoutes found, RunningWork work, GloveboxServerOptions options, TimeProvider time)
{
    /// <summary>Gives a file, or a part of it (<c>Range: bytes=…</c>). A browser saves it and shows nothing of it.</summary>
    public Task ReadAsync(ApiCall call) => WithAsync(call, async use =>
    {
        string path = call.RequiredQuery("path");
        SandboxFile file = await use.Files.GetAsync(path, cancellationToken: call.Aborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("file-not-found", $"There is no file '{WorkspacePath.Printable(path)}'.");
        await FileAnswers.SendAsync(call, use.Files, file).ConfigureAwait(false);
    });

    /// <summary>Writes a file of the body's bytes.</summary>
    public Task WriteAsync(ApiCall call) => WithAsync(call, async use =>
    {
        string path = call.RequiredQuery("path");
        call.LimitBody(options.MaxUpload);
        SandboxFileWriteOptions how = new()
        {
            Appends = call.QueryFlag("append"),
            MakesFolders = true,
            Permissions = call.Query("permissions") is { } mode ? PermissionsOf(mode) : null,
        };
        await use.Files.WriteAsync(path, call.Request.Body, how, call.Aborted).ConfigureAwait(false);
        await call.AnswerAsync(new([path]), NativeJson.Default.WrittenAnswer, 201).ConfigureAwait(false);
    });

    /// <summary>Writes the files of a form (<c>multipart/form-data</c>) into a folder.</summary>
    public Task WriteFormAsync(ApiCall call) => WithAsync(call, async use =>
    {
        string folder = call.Query("path") ?? use.Sandbox.WorkDirectory;
        call.LimitBody(options.MaxUpload);
        List<string> written = [];
        await foreach ((string name, Stream content) in UploadedFiles.ReadAsync(call).ConfigureAwait(false))
        {
            string path = $"{folder.TrimEnd('/')}/{name}";
            await use.Files.WriteAsync(path, content, new() { MakesFolders = true }, call.Aborted).ConfigureAwait(false);
            written.Add(path);
        }

        await call.AnswerAsync(new(written), NativeJson.Default.WrittenAnswer, 201).ConfigureAwait(false);
    });

    public Task DeleteAsync(ApiCall call) => WithAsync(call, async use =>
    {
        string path = call.RequiredQuery("path");
        if (!await use.Files.DeleteAsync(path, call.QueryFlag("recursive"), call.Aborted).ConfigureAwait(false))
        {
            throw ApiException.NotFound("file-not-found", $"There is no file '{WorkspacePath.Printable(path)}'.");
        }

        await call.AnswerNothingAsync().ConfigureAwait(false);
    });

    public Task ShowAsync(ApiCall call) => WithAsync(call, async use =>
    {
        string path = call.RequiredQuery("path");
        SandboxFile file = await use.Files.GetAsync(path, !call.QueryFlag("link"), call.Aborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("file-not-found", $"There is no file '{WorkspacePath.Printable(path)}'.");
        await call.AnswerAsync(FileAnswer.Of(file), NativeJson.Default.FileAnswer).ConfigureAwait(false);
    });

    public Task ListAsync(ApiCall call) => WithAsync(call, async use =>
    {
        int depth = (int)(call.QueryNumber("depth", 1, SandboxFileListing.MaxDepth) ?? 1);
        SandboxFileListing listing =
            await use.Files.ListAsync(call.Query("path") ?? use.Sandbox.WorkDirectory, depth, call.Aborted).ConfigureAwait(false);
        await call.AnswerAsync(
            new([.. listing.Files.Select(FileAnswer.Of)], listing.IsComplete), NativeJson.Default.FileList).ConfigureAwait(false);
    });

    public Task MakeFolderAsync(ApiCall call) => WithAsync(call, async use =>
    {
        bool isNew = await use.Files.CreateDirectoryAsync(call.RequiredQuery("path"), call.Aborted).ConfigureAwait(false);
        await call.AnswerNothingAsync(isNew ? 201 : 204).ConfigureAwait(false);
    });

    public async Task MoveAsync(ApiCall call)
    {
        MoveBody body = await call.ReadAsync(NativeJson.Default.MoveBody).ConfigureAwait(false);
        await WithAsync(call, async use =>
        {
            await use.Files.MoveAsync(body.From, body.To, body.Overwrites, call.Aborted).ConfigureAwait(false);
            await call.AnswerNothingAsync().ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public async Task SetPermissionsAsync(ApiCall call)
    {
        PermissionsBody body = await call.ReadAsync(NativeJson.Default.PermissionsBody).ConfigureAwait(false);
        await WithAsync(call, async use =>
        {
            await use.Files.SetPermissionsAsync(
                call.RequiredQuery("path"), PermissionsOf(body.Permissions), call.Aborted).ConfigureAwait(false);
            await call.AnswerNothingAsync().ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Tells of changes in a folder as they come.</summary>
    public async Task WatchAsync(ApiCall call)
    {
        string path = call.RequiredQuery("path");
        bool isRecursive = call.QueryFlag("recursive");
        ServerSession session = found.Of(call);
        SessionUse use = await sessions.UseAsync(session, call.Aborted).ConfigureAwait(false);
        await using (use.ConfigureAwait(false))
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, session.Ended);
            await EventStream.AnswerAsync(
                call.Http,
                use.Files.WatchAsync(path, isRecursive, either.Token),
                (stream, e) => stream.SendAsync(
                    NativeJson.Lower(e.Kind.ToString()),
                    new(NativeJson.Lower(e.Kind.ToString()), e.Path, e.OldPath, e.IsDirectory, e.Message),
                    NativeJson.Default.FileEventAnswer),
                time).ConfigureAwait(false);
        }
    }

    private static UnixFileMode PermissionsOf(string octal)
    {
        try
        {
            int mode = Convert.ToInt32(octal, 8);
            return mode is >= 0 and <= 0xFFF ? (UnixFileMode)mode : throw new FormatException();
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw ApiException.Invalid("permissions is an octal number of at most four digits, such as 0640.");
        }
    }

    private async Task WithAsync(ApiCall call, Func<SessionUse, Task> handle)
    {
        using IDisposable running = work.Begin();
        await found.WithAsync(call, handle).ConfigureAwait(false);
    }
}
