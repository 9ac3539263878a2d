using System.Globalization;
using System.Runtime.CompilerServices;
using Glovebox.Docker.Engine;

namespace Glovebox.Docker.Containers;

/// <summary>The files of a work directory that only the engine's exec reaches.</summary>
/// <remarks>Each step is a shell script that runs as the guest: a link that the guest swaps in between two of its steps leads nowhere that
/// the guest could not go by itself.</remarks>
/// <param name="start">Starts a program as the guest.</param>
internal sealed class ExecWorkspace(Func<IReadOnlyList<string>, CancellationToken, Task<RunningExec>> start) : IWorkspace
{
    private const int ChunkSize = 4 << 20;
    private const int MaxRecord = 8 << 10;

    /// <summary>The scripts' own tools are found whatever PATH is given to guest code.</summary>
    private const string Tools = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}\n";

    /// <summary>Ends with R when a folder on the way is a link. Every answer begins with one letter: Done, Refused, Missing,
    /// Failed.</summary>
    private const string Walk = """
        path=./$1 rest=$1 folder=.
        while [ "$rest" != "${rest#*/}" ]; do
            folder=$folder/${rest%%/*}
            rest=${rest#*/}
            [ -L "$folder" ] && printf R && exit
        done

        """;

    private const string Lister = """
        if find . -maxdepth 0 -printf '' 2>/dev/null; then
            exec find . -mindepth 1 -maxdepth 65 \( -type f -o -type d \) -printf '%y %m %s %T@ %C@ %i %P\0'
        fi
        exec find . -mindepth 1 -maxdepth 65 \( -type f -o -type d \) -exec sh -c '
            for file; do
                [ -d "$file" ] && kind=d || kind=f
                # A file that is gone by now is not there.
                facts=$(stat -c "%a %s %Y %Z %i" "$file" 2>/dev/null) || { [ -e "$file" ] || continue; }
                printf "%s %s %s\0" $kind "$facts" "${file#./}"
            done' sh {} +
        """;

    private const string Reader = Walk + """
        [ -L "$path" ] && printf R && exit
        [ -f "$path" ] || { printf M; exit; }
        [ -r "$path" ] || { printf 'FPermission denied'; exit; }
        printf D
        exec cat "$path"
        """;

    /// <summary>Takes: path, temporary name, bytes of this part, bytes with this part, whether it is the last one.</summary>
    private const string Writer = Walk + """
        [ -L "$path" ] && printf R && exit
        [ -d "$path" ] && printf 'FIs a directory' && exit
        [ -e "$path" ] && [ ! -f "$path" ] && printf R && exit
        temporary=$folder/$2
        if error=$({ mkdir -p "$folder" && { [ "$3" = 0 ] && : || head -c "$3"; } >>"$temporary"; } 2>&1) &&
            [ "$(wc -c <"$temporary")" -eq "$4" ]; then
            [ "$5" = 0 ] && printf D && exit
            error=$(mv -f "$temporary" "$path" 2>&1) && printf D && exit
        fi
        rm -f "$temporary"
        printf F%s "$error"
        """;

    private const string Deleter = Walk + """
        [ -L "$path" ] || [ -e "$path" ] || { printf M; exit; }
        [ -d "$path" ] && [ ! -L "$path" ] && printf 'FIs a directory' && exit
        error=$(rm -f "$path" 2>&1) && printf D || printf F%s "$error"
        """;

    public async Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default)
    {
        List<WorkspaceFile> files = [];
        bool complete = true;
        int entries = 0;
        await foreach (string record in RecordsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (++entries > WorkspaceListing.MaxFiles)
            {
                complete = false;
                break;
            }

            if (record.StartsWith('d'))
            {
                complete &= record.AsSpan().Count('/') < WorkspaceListing.MaxDepth;
            }
            else
            {
                files.Add(FileOf(record));
            }
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new WorkspaceListing(files, complete);
    }

    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        string name = EscapedPath.ToText(WorkspacePath.Normalize(path));
        RunningExec running = await StartAsync(Reader, [name], cancellationToken).ConfigureAwait(false);
        try
        {
            byte[] status = new byte[1];
            if (await running.ReadAsync(status, cancellationToken).ConfigureAwait(false) == 0 || status[0] != 'D')
            {
                throw Failure(path, (char)status[0] + await running.ReadTextAsync(cancellationToken).ConfigureAwait(false));
            }

            return running;
        }
        catch
        {
            await running.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        cancellationToken.ThrowIfCancellationRequested();
        string normalized = EscapedPath.ToText(WorkspacePath.Normalize(path));
        string temporary = $".glovebox-{Guid.NewGuid():n}";
        byte[] buffer = new byte[content.CanSeek ? (int)Math.Clamp(content.Length - content.Position + 1, 1, ChunkSize) : ChunkSize];
        long written = 0;
        bool last;
        try
        {
            do
            {
                int read = await content.ReadAtLeastAsync(
                    buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                last = read < buffer.Length;
                written += read;
                string[] arguments = [normalized, temporary, Text(read), Text(written), last ? "1" : "0"];
                string answer = await AskAsync(Writer, arguments, buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                if (answer != "D")
                {
                    throw Failure(path, answer);
                }
            }
            while (!last);
        }
        catch when (written > 0)
        {
            int folder = normalized.LastIndexOf('/') + 1;
            _ = await AskAsync(Deleter, [normalized[..folder] + temporary], default, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public async Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        string name = EscapedPath.ToText(WorkspacePath.Normalize(path));
        string answer = await AskAsync(Deleter, [name], default, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            "D" => true,
            "M" => false,
            _ => throw Failure(path, answer),
        };
    }

    private async Task<RunningExec> StartAsync(string script, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await start(["/bin/sh", "-c", Tools + script, "sh", .. arguments], cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (EngineErrors.IsLoss(e))
        {
            throw new SandboxLostException("The container has ended; its files cannot be reached.", innerException: e);
        }
    }

    /// <summary>Runs a script, gives it something to read, and gets its answer.</summary>
    private async Task<string> AskAsync(
        string script, IReadOnlyList<string> arguments, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        using RunningExec running = await StartAsync(script, arguments, cancellationToken).ConfigureAwait(false);
        try
        {
            await running.WriteAsync(data, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // A script that refuses does not read: its answer says why.
        }

        return await running.ReadTextAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets what the lister prints, record by record: each ends with a NUL, which no name holds.</summary>
    private async IAsyncEnumerable<string> RecordsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RunningExec running = await StartAsync(Lister, [], cancellationToken).ConfigureAwait(false);
        byte[] buffer = new byte[64 << 10];
        int filled = 0;
        int read;
        while ((read = await running.ReadAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false)) > 0)
        {
            filled += read;
            int start = 0;
            int end;
            while ((end = buffer.AsSpan(start, filled - start).IndexOf((byte)0)) >= 0)
            {
                yield return EscapedPath.FromBytes(buffer.AsSpan(start, end));
                start += end + 1;
            }

            filled -= start;
            if (filled > MaxRecord)
            {
                throw Senseless();
            }

            buffer.AsSpan(start, filled).CopyTo(buffer);
        }
    }

    private static WorkspaceFile FileOf(string record)
    {
        const NumberStyles Decimal = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        string[] fields = record.Split(' ', 7);
        if (fields.Length != 7
            || !WorkspacePath.IsListed(fields[6])
            || !long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || !decimal.TryParse(fields[3], Decimal, CultureInfo.InvariantCulture, out decimal modified))
        {
            throw Senseless();
        }

        decimal whole = decimal.Floor(modified);
        long seconds = (long)Math.Clamp(whole, long.MinValue, long.MaxValue), ticks = (long)((modified - whole) * TimeSpan.TicksPerSecond);
        return new WorkspaceFile(fields[6], size, WorkspaceFile.Time(seconds, ticks))
        {
            // In octal digits: set-user-id and set-group-id are the fourth from the end.
            HasSetIdBits = fields[1].Length > 3 && ((fields[1][^4] - '0') & 6) != 0,
            ChangeStamp = HashCode.Combine(fields[4], fields[5]),
        };
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static WorkspaceException Senseless() => new("The work directory cannot be listed: the container's answer is malformed.");

    private static WorkspaceException Failure(string path, string answer) => answer switch
    {
        ['R', ..] => WorkspacePath.Refused(path),
        ['M', ..] => WorkspacePath.NotFound(path),
        [_, .. string said] => new($"'{WorkspacePath.Printable(path)}' cannot be used: {WorkspacePath.Printable(said.Trim())}."),
        _ => new($"'{WorkspacePath.Printable(path)}' cannot be used: the container does not answer."),
    };
}
