using System.Text.Json;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Native;

/// <summary>The server's own API.</summary>
internal sealed class NativeSurface() : Surface("native")
{
    public override void WriteError(Utf8JsonWriter json, ApiException error) => ErrorBody.Write(json, error);
}
