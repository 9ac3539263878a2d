using Glovebox.Execution;
using Glovebox.Functions.Calls;
using Glovebox.Tests.Fuzz.Support;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Tests.Fuzz;

/// <summary>What is kept for guest code. Alone: the memory of the whole process is measured.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests
{
    [Fact(Timeout = 60_000)]
    public async Task A_connection_does_not_keep_the_buffer_of_a_result_that_was_too_large()
    {
        const int Connections = 4, Size = 32 << 20;
        AIFunction large = new Large(Size);
        using HostFunctionServer server = new(
            new Dictionary<string, AIFunction> { ["large"] = large }, new(), new(null, NullLogger.Instance, TimeProvider.System), TimeProvider.System);
        await using CallScope scope = server.Begin(new(0, new("python", ""), new(), Files: null, new OutputCollector(1 << 10, 0), CancellationToken.None));
        long before = GC.GetTotalMemory(forceFullCollection: true);
        FuzzStream[] streams = [.. Enumerable.Range(0, Connections).Select(_ => new FuzzStream())];
        Task[] serving = [.. streams.Select(server.ServeAsync)];
        foreach (FuzzStream stream in streams)
        {
            stream.Feed(Requests.Request("large"u8.ToArray(), "{}"u8.ToArray()));
            Assert.Contains("too-large", System.Text.Encoding.UTF8.GetString(stream.Written()), StringComparison.Ordinal);
        }

        long kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(kept < Size, $"{kept} bytes are kept.");
        foreach (FuzzStream stream in streams)
        {
            stream.End();
        }

        await Task.WhenAll(serving).WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Not one of the factory's: that makes JSON of its result by itself, in memory that is shared and kept.</summary>
    private sealed class Large(int size) : AIFunction
    {
        public override string Name => "large";

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken) =>
            ValueTask.FromResult<object?>(new string('x', size));
    }
}
