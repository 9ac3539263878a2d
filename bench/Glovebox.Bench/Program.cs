using System.Globalization;
using Glovebox.Bench;

const int WarmUpRounds = 10;
const string Usage = "usage: dotnet run -c Release --project bench/Glovebox.Bench -- "
    + "[--docker IMAGE | --interpreters | --shortcuts | --packages | --egress] [--json] [--rounds N]";

bool json = args.Contains("--json");
int rounds = 100;
bool shortcuts = args.Contains("--shortcuts");
bool packages = args.Contains("--packages");
bool egress = args.Contains("--egress");
bool interpreters = args.Contains("--interpreters");
string[] rest = [.. args.Where(a => a is not ("--json" or "--interpreters" or "--shortcuts" or "--packages" or "--egress"))];
string? image = null;
if (rest is ["--docker", var name, ..])
{
    image = name;
    rest = rest[2..];
}

if (rest is ["--rounds", var text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out rounds) && rounds > 0)
{
    rest = [];
}

if (rest.Length > 0 || new[] { shortcuts, packages, interpreters, egress, image is not null }.Count(chosen => chosen) > 1)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

// Before anything else has processes here.
IReadOnlyList<ContextMemory> memory = interpreters ? await ContextMemory.MeasureAsync() : [];
await using SessionBenchmarks sessions = new();
await using ShortcutBenchmarks alone = new();
await using PackageBenchmarks? withPackages = packages ? new() : null;
await using EgressBenchmarks? proxied = egress ? new() : null;
await using InterpreterBenchmarks? living = interpreters ? new() : null;
await using FunctionBenchmarks? functions = image is null ? new() : null;
await using JupyterBenchmarks? jupyter = image is null ? new() : null;
await using DockerBenchmarks? containers = image is null ? null : new(image);
IReadOnlyList<Benchmark> benchmarks = containers is not null
    ? await containers.StartAsync()
    : living is not null ? await living.StartAsync()
    : proxied is not null ? await proxied.StartAsync()
    : withPackages is not null ? await withPackages.StartAsync()
    : shortcuts ? await alone.StartAsync()
    : [.. await sessions.StartAsync(), .. await functions!.StartAsync(), .. await jupyter!.StartAsync()];

// One of each in turn, so that a busy moment of the machine meets all of them alike.
for (int round = -WarmUpRounds; round < rounds; round++)
{
    foreach (Benchmark benchmark in benchmarks)
    {
        await benchmark.MeasureAsync(isWarmUp: round < 0);
    }
}

if (json)
{
    Report.WriteJson(benchmarks, memory, rounds);
}
else
{
    Report.WriteTable(benchmarks, memory, rounds);
}

return benchmarks.All(b => b.MeetsGoal) ? 0 : 1;
