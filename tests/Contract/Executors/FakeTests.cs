using System.Runtime.CompilerServices;
using Glovebox.Tests.Common.Contract;
using Xunit.Sdk;

namespace Glovebox.Tests.Contract.Executors;

/// <summary>The fake lets no broken executor through: each of these breaks one promise, and the case that is about it fails.</summary>
public sealed class FakeTests
{
    [Fact]
    public Task Blocks_in_another_order_are_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Blocks = blocks => [.. blocks.Reverse()] },
        kind => new Order(kind).Blocks_run_in_order_until_one_fails());

    [Fact]
    public Task A_failure_that_does_not_end_the_run_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { GoesOn = true },
        kind => new Order(kind).Blocks_run_in_order_until_one_fails());

    [Fact]
    public Task Output_without_its_tail_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Result = r => new() { Block = r.Block, Language = r.Language, ExitCode = r.ExitCode, Output = r.Output[..(r.Output.Length / 2)], Truncated = r.Truncated } },
        kind => new Output(kind).Long_output_keeps_its_head_and_tail_and_marks_the_gap(1024));

    [Fact]
    public Task Standard_error_that_is_lost_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Keeps = u => u is not OutputReceivedUpdate { Stream: OutputStream.StandardError } },
        kind => new Order(kind).Updates_come_in_order_and_their_text_is_the_output());

    [Fact]
    public Task A_file_that_is_not_reported_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Keeps = u => u is not FileProducedUpdate },
        kind => new Order(kind).Updates_come_in_order_and_their_text_is_the_output());

    [Fact]
    public Task A_spelling_that_is_not_made_canonical_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Result = r => new() { Block = r.Block, Language = "py", ExitCode = r.ExitCode, Output = r.Output } },
        kind => new Languages(kind).A_language_runs_under_its_name_and_aliases("py", "python"));

    [Fact]
    public Task A_timeout_that_is_called_an_exit_is_caught() => IsCaughtAsync(
        executor => new Broken(executor) { Result = r => new() { Block = r.Block, Language = r.Language, ExitCode = r.ExitCode, Output = r.Output } },
        kind => new Timeouts(kind).The_last_line_stands_on_a_line_of_its_own());

    private static async Task IsCaughtAsync(Func<ICodeExecutor, ICodeExecutor> breaks, Func<ExecutorKind, Task> run)
    {
        // The canary: with nothing broken, the case passes.
        await run(new BrokenKind(executor => new Broken(executor)));
        await Assert.ThrowsAnyAsync<XunitException>(() => run(new BrokenKind(breaks)));
    }

    private sealed class Order(ExecutorKind kind) : OrderConformance(kind);

    private sealed class Output(ExecutorKind kind) : OutputConformance(kind);

    private sealed class Languages(ExecutorKind kind) : LanguageConformance(kind);

    private sealed class Timeouts(ExecutorKind kind) : TimeoutConformance(kind);

    private sealed class BrokenKind(Func<ICodeExecutor, ICodeExecutor> breaks) : ExecutorKind
    {
        public override bool IsIsolated => false;

        public override bool IsInMemory => true;

        public override ICodeExecutor Create(ExecutorSetup setup) => breaks(Fake.Create(setup));
    }

    private sealed class Broken(ICodeExecutor inner) : DelegatingCodeExecutor(inner)
    {
        public Func<IReadOnlyList<CodeBlock>, IReadOnlyList<CodeBlock>> Blocks { get; init; } = blocks => blocks;

        public Func<BlockResult, BlockResult> Result { get; init; } = result => result;

        public Func<CodeExecutionUpdate, bool> Keeps { get; init; } = _ => true;

        public bool GoesOn { get; init; }

        public override async IAsyncEnumerable<CodeExecutionUpdate> ExecuteCodeBlocksStreamingAsync(
            IReadOnlyList<CodeBlock> codeBlocks,
            CodeExecutionOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            foreach (CodeBlock[] blocks in GoesOn ? codeBlocks.Chunk(1) : [[.. Blocks(codeBlocks)]])
            {
                await foreach (CodeExecutionUpdate update in InnerExecutor.ExecuteCodeBlocksStreamingAsync(blocks, options, cancellationToken))
                {
                    if (Keeps(update))
                    {
                        yield return update is BlockCompletedUpdate completed
                            ? new BlockCompletedUpdate(completed.BlockIndex, Result(completed.Result))
                            : update;
                    }
                }
            }
        }
    }
}
