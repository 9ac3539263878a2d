using System.Buffers;

namespace Glovebox.Egress;

/// <summary>Carries bytes between two ends until both have ended, or one fails.</summary>
internal static class Tunnel
{
    private const int BufferSize = 64 << 10;

    /// <param name="guest">The guest's end.</param>
    /// <param name="endGuest">Tells the guest that no more comes.</param>
    /// <param name="server">The server's end.</param>
    /// <param name="endServer">Tells the server that no more comes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(
        Stream guest, Func<Task> endGuest, Stream server, Action endServer, CancellationToken cancellationToken)
    {
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] both =
        [
            CarryAsync(guest, server, () =>
            {
                endServer();
                return Task.CompletedTask;
            }),
            CarryAsync(server, guest, endGuest),
        ];
        await Task.WhenAll(both).ConfigureAwait(false);

        async Task CarryAsync(Stream from, Stream to, Func<Task> end)
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                while (await from.ReadAsync(buffer, failed.Token).ConfigureAwait(false) is > 0 and int count)
                {
                    await to.WriteAsync(buffer.AsMemory(0, count), failed.Token).ConfigureAwait(false);
                }

                await end().ConfigureAwait(false);
            }
            catch
            {
                await failed.CancelAsync().ConfigureAwait(false);
                throw;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
