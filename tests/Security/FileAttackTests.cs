using Glovebox.Tests.Security.Harness;
using System.Diagnostics;

namespace Glovebox.Tests.Security;

/// <summary>What a guest leaves in the work directory, for the host and its users to fall over.</summary>
public sealed class FileAttackTests(SandboxesFixture sandboxes) : AttackTests(sandboxes), IClassFixture<SandboxesFixture>
{
    private const int Reads = 300;

    private readonly SandboxesFixture _sandboxes = sandboxes;

    public static TheoryData<string, string> Tries => Tried("files");

    public static TheoryData<string> CanaryTries => Canary("files");

    public static TheoryData<string, string> Readings => With("read");

    public static TheoryData<string, string> Races => With("race");

    public static TheoryData<string, string> Names => With("names");

    public static TheoryData<string> ReadingCanaries => [.. Attack.Of("files").Where(a => a.Canary == "read").Select(a => a.Name)];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static HostFacts Facts => HostFacts.Current;

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Tries))]
    public Task An_attack_is_refused(string attack, string setUp) => RefusesAsync(attack, setUp);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(CanaryTries))]
    public Task Without_the_defence_it_succeeds(string attack) => SucceedsWithoutDefenceAsync(attack);

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Readings))]
    public async Task The_host_does_not_read_what_a_program_wants_it_to(string attack, string setUp)
    {
        await using IAttacked sandbox = await SetUps.StartAsync(setUp);
        foreach (string path in Named((await RunAsync(sandbox, attack)).Output))
        {
            AttackedAnswer read = await sandbox.AskAsync(new(AttackedAction.Read, path), Ct);
            Assert.True(read.Error?.StartsWith(nameof(WorkspaceException), StringComparison.Ordinal), $"{path}: {read}");
        }

        Assert.DoesNotContain(Facts.SecretFile, (await sandbox.AskAsync(new(AttackedAction.List), Ct)).Files);
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(ReadingCanaries))]
    public async Task A_program_of_the_host_that_suspects_nothing_reads_it(string attack)
    {
        using TestFolder folder = new();
        AttackedAnswer answer = await HostRun.RunAsync(Attack.Load(attack).Code(Facts.Values), folder);
        string[] paths = Named(answer.Output);
        Assert.True(paths.Length > 0, answer.Output);
        foreach (string path in paths.Where(p => !p.EndsWith(".sock", StringComparison.Ordinal)))
        {
            Verdict verdict = await HostRun.ReadAsync(Path.Combine(folder.Path, path), Facts.Content);
            Assert.True(verdict.HasSucceeded, $"{path}: {verdict.Text}");
        }
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Races))]
    public async Task The_host_follows_no_link_that_is_swapped_in_while_it_reads(string attack, string setUp)
    {
        string path = "swapped/" + Path.GetFileName(Facts.SecretFile);
        AttackedAnswer answer = await (await _sandboxes.GetAsync(setUp)).AskAsync(
            new(AttackedAction.Run, Attack.Load(attack).Code(Facts.Values))
            {
                Until = "ready",
                Path = path,
                Reads = Reads,
                Sought = Facts.Content,
            },
            Ct);
        Assert.Equal("Cancelled", answer.Termination);
        Assert.DoesNotContain(Facts.Content, answer.Output, StringComparison.Ordinal);

        // The other folder was read: the swaps were in the host's way.
        Assert.Equal("of the guest", answer.Output);
    }

    [Fact(Timeout = Limit)]
    public async Task A_reader_that_suspects_nothing_follows_a_link_that_is_swapped_in()
    {
        using TestFolder folder = new();
        string code = Attack.Load("files/swapped").Code(Facts.Values);
        using Process swapping = Process.Start(
            new ProcessStartInfo("python3", ["-c", code]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true })!;
        string path = folder["swapped/" + Path.GetFileName(Facts.SecretFile)];
        try
        {
            Assert.Equal("ready", await swapping.StandardOutput.ReadLineAsync(Ct));
            await Eventually.HoldsAsync(() => Read(path) == Facts.Content, "the link was followed");
        }
        finally
        {
            swapping.Kill();
            await swapping.WaitForExitAsync(Ct);
        }

        static string Read(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Names))]
    public async Task Every_name_that_is_listed_is_a_file_in_the_work_directory_or_refused(string attack, string setUp)
    {
        IAttacked sandbox = await _sandboxes.GetAsync(setUp);
        Assert.EndsWith("LIST\n", (await RunAsync(sandbox, attack)).Output, StringComparison.Ordinal);
        AttackedAnswer list = await sandbox.AskAsync(new(AttackedAction.List), Ct);
        string[] listed = [.. list.Files.Where(f => f.StartsWith("names/", StringComparison.Ordinal))];
        Assert.True(listed.Length >= 10, Verdict.Clean(string.Join(", ", listed)));
        foreach (string path in listed)
        {
            AttackedAnswer read = await sandbox.AskAsync(new(AttackedAction.Read, path), Ct);

            // What is no text cannot be named by text: the agent lists it, and the host refuses to take it for another file.
            bool isRefused = path.Contains('\uFFFD', StringComparison.Ordinal)
                && read.Error?.StartsWith(nameof(WorkspaceException), StringComparison.Ordinal) == true;
            Assert.True(read.Output == "of the guest" || isRefused, Verdict.Clean($"{path}: {read}"));
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_host_that_takes_names_for_text_does_not_find_the_files_again()
    {
        using TestFolder folder = new();
        AttackedAnswer answer = await HostRun.RunAsync(Attack.Load("files/names").Code(Facts.Values), folder);
        Assert.EndsWith("LIST\n", answer.Output, StringComparison.Ordinal);
        Assert.Contains(Directory.EnumerateFiles(folder["names"]), f => !File.Exists(f));
    }

    private static TheoryData<string, string> With(string canary)
    {
        TheoryData<string, string> data = [];
        foreach (Attack attack in Attack.Of("files").Where(a => a.Canary == canary))
        {
            foreach (string setUp in SetUps.All)
            {
                data.Add(attack.Name, setUp);
            }
        }

        return data;
    }

    private static async Task<AttackedAnswer> RunAsync(IAttacked sandbox, string attack)
    {
        AttackedAnswer answer = await sandbox.AskAsync(new(AttackedAction.Run, Attack.Load(attack).Code(Facts.Values)), Ct);
        Assert.True(answer is { ExitCode: 0, Error: null }, answer.ToString());
        return answer;
    }

    private static string[] Named(string output) =>
        [.. output.Split('\n').Where(l => l.StartsWith("READ ", StringComparison.Ordinal)).Select(l => l[5..])];
}
