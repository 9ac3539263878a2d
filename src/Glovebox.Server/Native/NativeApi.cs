using Glovebox.Server.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Glovebox.Server.Native;

/// <summary>The routes of the server's own API.</summary>
internal sealed class NativeApi(
    Gate gate,
    SessionRoutes sessions,
    ExecuteRoutes execute,
    CallRoutes calls,
    ContextRoutes contexts,
    ProcessRoutes processes,
    FileRoutes files,
    AuditRoutes audit)
{
    private const string Session = "/v1/sessions/{session}";

    private readonly NativeSurface _surface = new();

    public void Map(IEndpointRouteBuilder routes)
    {
        Add("POST", "/v1/execute", execute.ExecuteOnceAsync);
        Add("GET", "/v1/audit", audit.SearchAsync);
        Add("POST", "/v1/sessions", sessions.BeginAsync);
        Add("GET", "/v1/sessions", sessions.ListAsync);
        Add("GET", Session, sessions.ShowAsync);
        Add("PATCH", Session, sessions.SetLifetimeAsync);
        Add("DELETE", Session, sessions.EndAsync);
        Add("GET", $"{Session}/events", sessions.WatchAsync);
        Add("GET", $"{Session}/egress", audit.EgressAsync);
        Add("POST", $"{Session}/execute", execute.ExecuteAsync);
        Add("POST", $"{Session}/calls/{{call}}", calls.AnswerAsync);
        Add("GET", $"{Session}/contexts", contexts.ListAsync);
        Add("POST", $"{Session}/contexts", contexts.MakeAsync);
        Add("DELETE", $"{Session}/contexts/{{context}}", contexts.CloseAsync);
        Add("POST", $"{Session}/contexts/{{context}}/interrupt", contexts.InterruptAsync);
        Add("POST", $"{Session}/contexts/{{context}}/restart", contexts.RestartAsync);
        Add("POST", $"{Session}/contexts/{{context}}/roll-back", contexts.RollBackAsync);
        Add("POST", $"{Session}/contexts/{{context}}/branch", contexts.BranchAsync);
        Add("GET", $"{Session}/processes", processes.ListAsync);
        Add("POST", $"{Session}/processes", processes.StartAsync);
        Add("POST", $"{Session}/processes/{{process}}/signal", processes.SignalAsync);
        Add("GET", $"{Session}/processes/{{process}}/attach", processes.AttachAsync);
        Add("GET", $"{Session}/files", files.ReadAsync);
        Add("PUT", $"{Session}/files", files.WriteAsync);
        Add("POST", $"{Session}/files", files.WriteFormAsync);
        Add("PATCH", $"{Session}/files", files.SetPermissionsAsync);
        Add("DELETE", $"{Session}/files", files.DeleteAsync);
        Add("GET", $"{Session}/files/details", files.ShowAsync);
        Add("GET", $"{Session}/files/list", files.ListAsync);
        Add("GET", $"{Session}/files/watch", files.WatchAsync);
        Add("POST", $"{Session}/files/folder", files.MakeFolderAsync);
        Add("POST", $"{Session}/files/move", files.MoveAsync);

        void Add(string method, string pattern, ApiHandler handler) =>
            routes.MapMethods(pattern, [method], (RequestDelegate)gate.For(_surface, handler));
    }
}
