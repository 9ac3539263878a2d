using System.Runtime.Versioning;
using Glovebox.Functions.Setup;
using Microsoft.Extensions.Time.Testing;

namespace Glovebox.Tests.Unit.Functions;

/// <summary>Who gets which set of installed packages, and when a set is deleted.</summary>
public sealed class PackageCacheTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly PackageCache _cache;
    private int _installations;

    public PackageCacheTests() => _cache = new PackageCache(_clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await _cache.ClearAsync();

    [Fact]
    public async Task A_set_is_installed_once_and_shared_also_when_it_lay_idle()
    {
        string folder;
        await using (PackageLease first = await TakeAsync("a"))
        {
            await using PackageLease second = await TakeAsync("a");
            folder = first.Installed;
            Assert.Equal(folder, second.Installed);
        }

        await using PackageLease third = await TakeAsync("a");
        Assert.Equal(folder, third.Installed);
        Assert.Equal("1", await File.ReadAllTextAsync(Path.Combine(folder, "installed"), Ct));
        Assert.Equal(1, _installations);
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData(null, null)]
    public async Task Another_key_and_no_key_is_another_set(string? one, string? other)
    {
        await using PackageLease first = await TakeAsync(one);
        await using PackageLease second = await TakeAsync(other);
        Assert.NotEqual(first.Installed, second.Installed);
    }

    [Fact]
    public async Task What_is_not_to_be_shared_is_the_callers_alone_and_goes_with_it()
    {
        PackageLease first = await _cache.TakeAsync("a", _ => Task.FromResult(false), Ct);
        await using PackageLease second = await TakeAsync("a");
        Assert.NotEqual(first.Installed, second.Installed);
        await first.DisposeAsync();
        Assert.False(Directory.Exists(first.Installed));
        Assert.True(Directory.Exists(second.Installed));
    }

    [Fact]
    public async Task Those_who_ask_at_the_same_time_wait_for_the_one_that_is_at_it()
    {
        TaskCompletionSource<bool> installing = new();
        Task<PackageLease> first = _cache.TakeAsync("a", _ => installing.Task, Ct);
        Task<PackageLease>[] others = [.. Enumerable.Range(0, 5).Select(_ => TakeAsync("a"))];
        Assert.All(others, other => Assert.False(other.IsCompleted));
        installing.SetResult(true);
        PackageLease[] all = [await first, .. await Task.WhenAll(others)];
        Assert.Single(all.Select(lease => lease.Installed).Distinct());
        Assert.Equal(0, _installations);
    }

    [Fact]
    public async Task One_that_fails_leaves_nothing_and_those_who_waited_install_by_themselves()
    {
        TaskCompletionSource<bool> installing = new();
        string? failed = null;
        Task<PackageLease> first = _cache.TakeAsync(
            "a",
            async folder =>
            {
                failed = folder.Path;
                await File.WriteAllTextAsync(Path.Combine(folder.Installed, "half"), "");
                return await installing.Task;
            },
            Ct);
        Task<PackageLease> other = TakeAsync("a");
        installing.SetException(new InvalidOperationException("no"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await using PackageLease lease = await other;
        Assert.Equal(["installed"], Directory.GetFiles(lease.Installed).Select(Path.GetFileName));
        Assert.False(Directory.Exists(failed));
    }

    [Fact]
    public async Task One_who_gives_up_waiting_takes_nothing_from_the_others()
    {
        TaskCompletionSource<bool> installing = new();
        using CancellationTokenSource giveUp = new();
        Task<PackageLease> first = _cache.TakeAsync("a", _ => installing.Task, Ct);
        Task<PackageLease> other = _cache.TakeAsync("a", _ => Task.FromResult(true), giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other);
        installing.SetResult(true);
        await using PackageLease lease = await first;
        Assert.True(Directory.Exists(lease.Installed));
    }

    [Fact]
    public async Task An_old_set_is_given_to_no_other_and_deleted_when_its_users_are_gone()
    {
        PackageLease used = await TakeAsync("a");
        PackageLease idle = await TakeAsync("b");
        await idle.DisposeAsync();
        Assert.True(Directory.Exists(idle.Installed));
        _clock.Advance(PackageCache.Lifetime);
        await Eventually.HoldsAsync(() => !Directory.Exists(idle.Installed), "the idle set is deleted");
        await using PackageLease next = await TakeAsync("a");
        Assert.NotEqual(used.Installed, next.Installed);
        Assert.True(Directory.Exists(used.Installed));
        await used.DisposeAsync();
        Assert.False(Directory.Exists(used.Installed));
    }

    [Fact]
    public async Task Of_many_idle_sets_the_last_used_are_kept()
    {
        List<string> folders = [];
        for (int i = 0; i <= PackageCache.MaxIdle; i++)
        {
            await using PackageLease lease = await TakeAsync($"{i}");
            folders.Add(lease.Installed);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(folders[1..], folders.Where(Directory.Exists));
    }

    [Fact]
    public async Task Large_idle_sets_are_kept_up_to_a_size()
    {
        List<string> folders = [];
        for (int i = 0; i < 2; i++)
        {
            await using PackageLease lease = await _cache.TakeAsync(
                $"{i}",
                folder =>
                {
                    // It has no bytes on the disk.
                    using FileStream file = File.Create(Path.Combine(folder.Installed, "large"));
                    file.SetLength((PackageCache.MaxIdleSize / 2) + 1);
                    return Task.FromResult(true);
                },
                Ct);
            folders.Add(lease.Installed);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(folders[1..], folders.Where(Directory.Exists));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task Only_this_user_can_enter_the_folder_around_a_set()
    {
        await using PackageLease lease = await TakeAsync("a");
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(Path.GetDirectoryName(lease.Installed)!));
    }

    private Task<PackageLease> TakeAsync(string? key) => _cache.TakeAsync(
        key,
        async folder =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder.Installed, "installed"), "1");
            Interlocked.Increment(ref _installations);
            return true;
        },
        Ct);
}
