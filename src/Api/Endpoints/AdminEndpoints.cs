using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>What the administrator's socket shows of sessions, sandboxes and the host.</summary>
internal static class AdminEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        Get("admin/sessions", SessionsAsync),
        Get("admin/sandboxes", SandboxesAsync),
        Get("admin/status", StatusAsync),
        Get("admin/doctor", DoctorAsync),
    ];

    private static Endpoint<NoRequest> Get(string pattern, Func<Call, NoRequest, Task<Reply>> action) =>
        new("GET", pattern, NoRequest.Read, action) { Access = AccessClass.Socket };

    /// <summary>The parameter <c>session_id</c>; null when it is not there.</summary>
    public static SessionId? SessionQuery(Call call)
    {
        string? text = call.Query("session_id");
        return text is null ? null : SessionId.TryParse(text, out SessionId id) ? id : throw ApiErrors.Invalid("session_id", "is not the id of a session").Exception();
    }

    private static Task<Reply> SessionsAsync(Call call, NoRequest request)
    {
        IReadOnlyList<Session> sessions = call.Dependencies.Sessions.List();
        IReadOnlyDictionary<SessionId, (int Sandboxes, int RunningExecs)> counts = SessionEndpoints.Count(call, session: null);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(sessions, (j, session) =>
            {
                (int sandboxes, int running) = counts.GetValueOrDefault(session.Id);
                SessionView.Write(j, session, call.Options.Sessions, sandboxes, running);
            });
            json.WriteEndObject();
        }));
    }

    private static Task<Reply> SandboxesAsync(Call call, NoRequest request)
    {
        IReadOnlyList<Sandbox> sandboxes = call.Sandboxes.List(owner: null);
        return Task.FromResult(Reply.Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteItems(sandboxes, SandboxView.Write);
            json.WriteEndObject();
        }));
    }

    private static async Task<Reply> StatusAsync(Call call, NoRequest request)
    {
        HostStatus status = await call.Dependencies.Host.StatusAsync(call.Gone);
        return Reply.Json(200, json => HealthView.WriteStatus(json, status, call.Dependencies.Configuration.State));
    }

    private static async Task<Reply> DoctorAsync(Call call, NoRequest request)
    {
        IReadOnlyList<DoctorCheck> checks = await call.Dependencies.Host.DoctorAsync(call.Gone);
        return Reply.Json(200, json => DoctorView.Write(json, checks));
    }
}
