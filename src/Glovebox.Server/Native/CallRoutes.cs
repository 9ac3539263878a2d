using Glovebox.Server.Functions;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Native;

/// <summary>Answers to calls of guest code, of a client that hears of them as events.</summary>
internal sealed class CallRoutes(SessionRoutes found)
{
    public async Task AnswerAsync(ApiCall call)
    {
        AnswerBody body = await call.ReadAsync(FunctionJson.Default.AnswerBody).ConfigureAwait(false);
        if (found.Of(call).Calls?.Answer(call.Route("call"), body.Result, body.Error) != true)
        {
            throw ApiException.NotFound("unknown-call", "No such call waits; its time may be over, or it has its answer.");
        }

        await call.AnswerNothingAsync().ConfigureAwait(false);
    }
}
