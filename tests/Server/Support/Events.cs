using System.Globalization;
using System.Net.ServerSentEvents;

namespace Glovebox.Tests.Server.Support;

/// <summary>Server-sent events, by the framework's own reader.</summary>
internal sealed class Events(Stream stream) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<SseItem<string>> _items =
        SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator(TestContext.Current.CancellationToken);

    public async Task<(string Name, string Data, long Id)> NextAsync()
    {
        Assert.True(await _items.MoveNextAsync(), "The events are over.");
        SseItem<string> item = _items.Current;
        return (item.EventType, item.Data, item.EventId is { } id ? long.Parse(id, CultureInfo.InvariantCulture) : 0);
    }

    public async Task<(string Name, string Data, long Id)> UntilAsync(Func<(string Name, string Data, long Id), bool> isIt)
    {
        while (true)
        {
            (string Name, string Data, long Id) next = await NextAsync();
            if (isIt(next))
            {
                return next;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _items.DisposeAsync();
        await stream.DisposeAsync();
    }
}
