using System.Text.Json;

namespace Glovebox.Server.Requests;

/// <summary>How one of the APIs tells of errors.</summary>
internal abstract class Surface(string name)
{
    /// <summary>Its name in logs and metrics.</summary>
    public string Name => name;

    /// <summary>Writes the body of an error.</summary>
    public abstract void WriteError(Utf8JsonWriter json, ApiException error);

    public virtual int StatusOf(ApiException error) => error.Status;
}
