using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Glovebox.Interpreters;
using Glovebox.Sandboxes.Services;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Records the part of the corpus that a real supervisor of interpreters sends. Run by hand; the README of the corpus says
/// how.</summary>
internal static class SupervisorRecorder
{
    private const string Shows = """
        import os, sys, threading
        handle = display({'a': 1}, display_id='a')
        print('out', flush=True)
        print('ä', file=sys.stderr)
        class Shown:
            def _repr_png_(self): return b'\x89PNG'
            def _repr_html_(self): return '<b>x</b>'
        display(Shown())
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        [1, 2, 3]
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task RecordAsync()
    {
        string folder = Directory.CreateTempSubdirectory("record").FullName, path = Path.Combine(folder, "s");
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        ProcessStartInfo start = new("python3") { RedirectStandardInput = true };
        string settings = JsonSerializer.Serialize(
            new SupervisorSettings(folder, 3, 1 << 30, 100, []), InterpreterJson.Default.SupervisorSettings);
        foreach (string argument in (string[])["-c", GuestProgram.Bootstrap, path, settings])
        {
            start.ArgumentList.Add(argument);
        }

        using Process supervisor = Process.Start(start)!;
        await supervisor.StandardInput.BaseStream.WriteAsync(InterpreterProgram.Source, Cancellation);
        supervisor.StandardInput.Close();
        NetworkStream stream = new(await listener.AcceptAsync(Cancellation), ownsSocket: true);
        Recorder recorder = new(stream, stream);
        await using (InterpreterChannel channel = new(recorder))
        {
            await using IAsyncEnumerator<ReceivedFrame> frames = channel.ReceiveAsync(Cancellation).GetAsyncEnumerator(Cancellation);
            async Task UntilAsync(InterpreterFrame last)
            {
                do
                {
                    Assert.True(await frames.MoveNextAsync());
                }
                while (frames.Current.Type != last);
            }

            async Task AskAsync<T>(InterpreterFrame type, uint context, T order, JsonTypeInfo<T> shape, InterpreterFrame answer)
            {
                await channel.SendAsync(type, context, order, shape, Cancellation);
                await UntilAsync(answer);
            }

            uint request = 0;
            Task OrderAsync(InterpreterFrame type, uint context, int? blocks = null, uint? number = null) => AskAsync(
                type, context, new Order(++request) { Blocks = blocks, Number = number }, InterpreterJson.Default.Order, InterpreterFrame.Reply);
            Task RunAsync(uint context, int number, string code, InterpreterFrame end = InterpreterFrame.Done) => AskAsync(
                InterpreterFrame.Execute, context, new ExecuteOrder(number, code, null, null, null), InterpreterJson.Default.ExecuteOrder, end);

            await UntilAsync(InterpreterFrame.Hello);
            for (uint number = 1; number <= 2; number++)
            {
                await AskAsync(
                    InterpreterFrame.Create, number, new CreateOrder(++request, number == 2, null, null), InterpreterJson.Default.CreateOrder,
                    InterpreterFrame.Reply);
            }

            await RunAsync(1, 1, Shows);
            await RunAsync(1, 2, "1 / 0");
            await RunAsync(1, 3, "import subprocess; child = subprocess.Popen(['sleep', '60'])");
            await OrderAsync(InterpreterFrame.Processes, 1);
            await RunAsync(1, 4, "os._exit(3)", InterpreterFrame.Ended);
            await OrderAsync(InterpreterFrame.RollBack, 1, blocks: 1);
            await OrderAsync(InterpreterFrame.RollBack, 1, blocks: 9);
            await OrderAsync(InterpreterFrame.Branch, 1, number: 3);
            await RunAsync(2, 1, "echo out; echo err >&2; cd /; sleep 60 &");
            await RunAsync(2, 2, "exit 3");
            await OrderAsync(InterpreterFrame.Close, 1);
            await OrderAsync(InterpreterFrame.Close, 2);
        }

        await supervisor.WaitForExitAsync(Cancellation);
        Directory.Delete(folder, recursive: true);
        CorpusRecorder.Save("supervisor-all", recorder, 0);
    }
}
