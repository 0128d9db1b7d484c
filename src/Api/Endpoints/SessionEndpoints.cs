using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 2, 31 and 32.</summary>
internal static class SessionEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("POST", "sessions/token", NoRequest.Read, IssueAsync) { Access = AccessClass.Trusted, Body = BodyRule.Ignored },
        new Endpoint<NoRequest>("GET", "sessions/{sessionId}", NoRequest.Read, GetAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NoRequest>("DELETE", "sessions/{sessionId}", NoRequest.Read, DeleteAsync)
        {
            Access = AccessClass.SessionOrKey,
            KnownFields = NoRequest.Fields,
        },
    ];

    /// <summary>Sandboxes and running commands of each session that has any; of one session, or of all.</summary>
    public static IReadOnlyDictionary<SessionId, (int Sandboxes, int RunningExecs)> Count(Call call, SessionId? session)
    {
        IReadOnlyDictionary<SandboxId, int> running = call.Execs.CountRunning();
        Dictionary<SessionId, (int Sandboxes, int RunningExecs)> counts = [];
        foreach (Sandbox sandbox in call.Sandboxes.List(session))
        {
            (int sandboxes, int execs) = counts.GetValueOrDefault(sandbox.Session);
            counts[sandbox.Session] = (sandboxes + 1, execs + running.GetValueOrDefault(sandbox.Id));
        }

        return counts;
    }

    private static Task<Reply> IssueAsync(Call call, NoRequest request)
    {
        IssuedToken issued = call.Dependencies.Sessions.Issue();
        call.Audit?.Touch(issued.Session.Id.ToString());
        return Task.FromResult(Reply.Json(201, json => SessionView.WriteIssued(json, issued, call.Options.Sessions)));
    }

    private static Task<Reply> GetAsync(Call call, NoRequest request)
    {
        Session session = Find(call, call.Path[1]);
        (int sandboxes, int running) = Count(call, session.Id).GetValueOrDefault(session.Id);
        return Task.FromResult(Reply.Json(200, json => SessionView.Write(json, session, call.Options.Sessions, sandboxes, running)));
    }

    // Over the socket, and by the api key, any session but the administrator's own.
    private static async Task<Reply> DeleteAsync(Call call, NoRequest request)
    {
        string text = call.Path[1];
        if (!call.Session.IsAdministrator)
        {
            await call.Dependencies.Sessions.EndAsync(Find(call, text).Id);
            return Reply.NoContent;
        }

        if (!SessionId.TryParse(text, out SessionId id))
        {
            // Not repeated: it may be a token.
            throw ApiErrors.NotFound("session", "of that name").Exception();
        }

        await call.Dependencies.Sessions.EndAsync(id);
        return Reply.NoContent;
    }

    /// <summary>The session that a path names; the token counts as its session's id. Only the administrator may look at another one.</summary>
    /// <exception cref="ApiException">403.</exception>
    public static Session Find(Call call, string text)
    {
        if (text == call.Session.Id.ToString() || (call.Token is not null && text == call.Token))
        {
            return call.Session;
        }

        Session? other = call.Session.IsAdministrator && SessionId.TryParse(text, out SessionId id)
            ? call.Dependencies.Sessions.List().FirstOrDefault(s => s.Id == id)
            : null;
        return other ?? throw ApiErrors.PathNamesOtherSession().Exception();
    }
}
