namespace Glovebox.Tests.Common.Contract.Files;

/// <summary>A disk that is full, where a sandbox has a small one.</summary>
public abstract class FullDiskConformance(FilesFixture fixture) : FilesTest(fixture)
{
    [Fact]
    public async Task A_full_disk_is_said_and_the_old_file_stays()
    {
        const string Disk = "/dev/shm";
        await BashAsync($"printf old > {Disk}/{Name}; head -c 4G /dev/zero > {Disk}/fill 2> /dev/null || true");
        try
        {
            // It fails while there is much to come still.
            foreach (int size in (int[])[1 << 20, 32 << 20])
            {
                await FailsAsync("disk-full", () => Files.WriteAsync($"{Disk}/{Name}", new MemoryStream(new byte[size]), cancellationToken: Ct));
            }

            await using Stream old = await Files.OpenReadAsync($"{Disk}/{Name}", cancellationToken: Ct);
            Assert.Equal("old", await new StreamReader(old).ReadToEndAsync(Ct));
        }
        finally
        {
            await Files.DeleteAsync($"{Disk}/fill", cancellationToken: Ct);
        }

        await Files.WriteAsync($"{Disk}/{Name}", new MemoryStream(new byte[1 << 20]), cancellationToken: Ct);
        Assert.Equal([$"{Disk}/{Name}"], (await Files.ListAsync(Disk, cancellationToken: Ct)).Files.Select(f => f.Path));
        Assert.True(await Files.DeleteAsync($"{Disk}/{Name}", cancellationToken: Ct));
    }
}
