namespace Glovebox.Tests.Security.Harness;

/// <summary>Where an attack succeeds: without the defence, and where it can do no harm.</summary>
internal static class Canaries
{
    /// <summary>Runs the program of an attack where its first lines say that it succeeds.</summary>
    public static async Task<AttackedAnswer> RunAsync(Attack attack)
    {
        string code = attack.Code(Facts(attack.Canary!));
        using TestFolder folder = new();
        switch (attack.Canary)
        {
            case "host" or "root" or "lower":
                return await HostRun.RunAsync(code, folder);
            case "leaky":
                return await HostRun.RunAsync(code, folder, "bash", "-c", $"exec 5<{HostFacts.Current.SecretFile} && exec \"$@\"", "bash");
            case "open":
                return await HostRun.RunAsync(code, folder, HostRun.Open(folder.Path));
            default:
                await using (IAttacked sandbox = await StartAsync(attack.Canary!))
                {
                    return await sandbox.AskAsync(new(AttackedAction.Run, code), TestContext.Current.CancellationToken);
                }
        }
    }

    /// <summary>Whether it can be shown by the user who runs the tests: some need a right that only root has.</summary>
    public static bool IsPossible(string canary) => Environment.IsPrivilegedProcess || canary is not ("root" or "unwalled");

    private static IReadOnlyDictionary<string, object> Facts(string canary) => HostFacts.Current.With(canary switch
    {
        "few" => [("terminals", 100), ("descriptors", 1000)],
        "lower" => [("score", 999)],
        "known" => [("function", "add"), ("argument", 1000)],

        // An agent that is no first process has the first one, bwrap's own, beside it.
        "mortal-agent" => [("agent", 2)],
        _ => [],
    });

    private static Task<IAttacked> StartAsync(string canary) => canary switch
    {
        "unfiltered" => SetUps.WithoutAsync(new() { UsesSeccomp = false }),
        "visible-agent" => SetUps.WithoutAsync(new() { UsesSeccomp = false, HidesAgent = false }),
        "mortal-agent" => SetUps.WithoutAsync(new() { UsesSeccomp = false, IsFirstProcess = false }),
        "unwalled" => SetUps.InRootsFolderAsync(new(), new() { AvoidsRoot = false, SealsKernel = false }),
        "large" => SetUps.WithoutAsync(new(), new() { MaxProcesses = 1000, MaxOutput = 64 << 20 }),
        "few" => SetUps.WithoutAsync(new()),
        "known" => SetUps.WithoutAsync(new(), new() { MaxCalls = 8 }),
        "many-calls" => SetUps.WithoutAsync(new(), new() { MaxCalls = 64 }),
        _ => throw new ArgumentOutOfRangeException(nameof(canary), canary, "No such canary."),
    };
}
