using Glovebox.Interpreters;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Native;

/// <summary>Contexts of a session: make, list, close, interrupt, restart, roll back, branch.</summary>
internal sealed class ContextRoutes(SessionRoutes found)
{
    public Task ListAsync(ApiCall call) => found.WithAsync(call, use => call.AnswerAsync(
        new([.. use.Interpreters.Contexts.Select(AnswerOf)]), NativeJson.Default.ContextList));

    public async Task MakeAsync(ApiCall call)
    {
        ContextBody body = await call.ReadOrDefaultAsync(NativeJson.Default.ContextBody, new()).ConfigureAwait(false);
        await found.WithAsync(call, async use =>
        {
            CodeContext made = await use.Interpreters.CreateContextAsync(
                new()
                {
                    Name = body.Name,
                    Language = body.Language,
                    Directory = body.Directory,
                    Environment = body.Environment,
                },
                call.Aborted).ConfigureAwait(false);
            await call.AnswerAsync(AnswerOf(made), NativeJson.Default.ContextAnswer, 201).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public Task CloseAsync(ApiCall call) => WithContextAsync(call, async context =>
    {
        await context.CloseAsync(call.Aborted).ConfigureAwait(false);
        await call.AnswerNothingAsync().ConfigureAwait(false);
    });

    public Task InterruptAsync(ApiCall call) => WithContextAsync(call, async context => await call.AnswerAsync(
        new(await context.InterruptAsync().ConfigureAwait(false)), NativeJson.Default.InterruptAnswer).ConfigureAwait(false));

    public Task RestartAsync(ApiCall call) => WithContextAsync(call, async context =>
    {
        await context.RestartAsync(call.Aborted).ConfigureAwait(false);
        await call.AnswerAsync(AnswerOf(context), NativeJson.Default.ContextAnswer).ConfigureAwait(false);
    });

    public async Task RollBackAsync(ApiCall call)
    {
        RollBackBody body = await call.ReadOrDefaultAsync(NativeJson.Default.RollBackBody, new()).ConfigureAwait(false);
        await WithContextAsync(call, async context =>
        {
            await context.RollBackAsync(body.Blocks, call.Aborted).ConfigureAwait(false);
            await call.AnswerAsync(AnswerOf(context), NativeJson.Default.ContextAnswer).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    public async Task BranchAsync(ApiCall call)
    {
        BranchBody body = await call.ReadOrDefaultAsync(NativeJson.Default.BranchBody, new()).ConfigureAwait(false);
        await WithContextAsync(call, async context =>
        {
            CodeContext branch = await context.BranchAsync(body.Name, call.Aborted).ConfigureAwait(false);
            await call.AnswerAsync(AnswerOf(branch), NativeJson.Default.ContextAnswer, 201).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private static ContextAnswer AnswerOf(CodeContext context) => new(context.Name, context.Language, context.BlockCount);

    private Task WithContextAsync(ApiCall call, Func<CodeContext, Task> handle) => found.WithAsync(call, use => handle(
        use.Interpreters.FindContext(call.Route("context"))
            ?? throw ApiException.NotFound("unknown-context", "The session has no such context.")));
}
