namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>Files that guest code must not read, where its sandbox is started by root: no operation lends it more than it has.</summary>
public abstract class FileRightsConformance(FilesFixture fixture) : FilesTest(fixture)
{
    private const string Secret = "of the host's root";

    [Fact]
    public async Task What_only_root_may_read_is_read_by_root_and_not_through_a_sandbox()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            // A plain user has no file that guest code, which is the same user, must not read.
            return;
        }

        string host = Path.Combine(Session.Folder.Path, Name, "secret");
        await File.WriteAllTextAsync(host, Secret, Ct);
        Session.Folder.SetMode($"{Name}/secret", "600");
        await BashAsync("ln -s secret link; ln -s $PWD/secret absolute; ln -s /proc/self/cwd/secret odd");
        foreach (string name in (string[])["secret", "link", "absolute"])
        {
            await FailsAsync("permission-denied", () => ReadAsync(name));
            await FailsAsync("permission-denied", () => WriteAsync(name, "x", new() { Appends = true }));
            await FailsAsync("permission-denied", () => Files.SetPermissionsAsync(In(name), (UnixFileMode)0x1FF, Ct));
            Assert.NotEqual(0, (await Session.BashAsync($"cat {Name}/{name}")).ExitCode);
        }

        // Copied across file systems, it would be read.
        await FailsAsync("permission-denied", () => Files.MoveAsync(In("secret"), $"/tmp/{Name}", cancellationToken: Ct));

        // Root reads it; and so does guest code, once it may.
        Assert.Equal(Secret, await File.ReadAllTextAsync(host, Ct));
        Session.Folder.SetMode($"{Name}/secret", "644");
        Assert.Equal(Secret, await ReadAsync("link"));
    }

    [Fact]
    public async Task The_memory_and_the_variables_of_what_starts_guest_code_are_not_read()
    {
        // Of a process of the guest's own they are.
        Assert.NotNull(await Files.GetAsync("/proc/self/environ", cancellationToken: Ct));
        await using (Stream own = await Files.OpenReadAsync("/proc/self/environ", cancellationToken: Ct))
        {
            Assert.True(await own.ReadAsync(new byte[100], Ct) > 0);
        }

        foreach (string name in (string[])["environ", "mem", "maps"])
        {
            await FailsAsync("permission-denied", async () =>
            {
                await using Stream agents = await Files.OpenReadAsync($"/proc/1/{name}", cancellationToken: Ct);
                await agents.ReadExactlyAsync(new byte[1], Ct);
            });
        }
    }
}
