using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sleigh.Api.Auditing;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Transport;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Routing;

/// <summary>One request on its way through the checks, and what they have found so far.</summary>
internal sealed class Call(HttpContext http, ApiDependencies dependencies, string requestId, bool fromSocket) : IDisposable
{
    private ReceivedBody? _body;
    private JsonDocument? _document;
    private Session? _session;
    private Sandbox? _sandbox;
    private Exec? _exec;
    private Snapshot? _snapshot;

    public HttpContext Http { get; } = http;

    public string RequestId { get; } = requestId;

    /// <summary>Whether it came over the administrator's socket.</summary>
    public bool FromSocket { get; } = fromSocket;

    public ApiDependencies Dependencies { get; } = dependencies;

    /// <summary>The settings that were in force when the request came.</summary>
    public SleighOptions Options { get; } = dependencies.Options.Now;

    public ISandboxes Sandboxes => Dependencies.Sandboxes;

    public IExecs Execs => Dependencies.Execs;

    /// <summary>Ends when the caller has gone.</summary>
    public CancellationToken Gone => Http.RequestAborted;

    /// <summary>What the endpoint does; null while none is found.</summary>
    public string? Operation { get; set; }

    /// <summary>The path pattern that it matched; null while none is found.</summary>
    public string? Route { get; set; }

    /// <summary>Its part of a trace; null: none.</summary>
    public Activity? Span { get; set; }

    /// <summary>Its part of the audit log; null: none.</summary>
    public AuditedCall? Audit { get; set; }

    /// <summary>Ids of the session, sandbox and exec as far as they are found, for the log.</summary>
    public (string? Session, string? Sandbox, string? Exec) Found => (_session?.Id.ToString(), _sandbox?.Id.ToString(), _exec?.Id.ToString());

    /// <summary>The segments of the path.</summary>
    public string[] Path { get; set; } = [];

    /// <summary>The body's members; none when there is no body.</summary>
    public BodyFields Fields { get; private set; }

    /// <summary>The token that was sent; null for the administrator.</summary>
    public string? Token { get; private set; }

    /// <summary>Whose call it is.</summary>
    public Session Session => _session ?? throw new InvalidOperationException("the call is not authenticated");

    /// <summary>The sandbox that the path names.</summary>
    public Sandbox Sandbox => _sandbox ?? throw new InvalidOperationException("the path names no sandbox");

    /// <summary>The exec that the path names.</summary>
    public Exec Exec => _exec ?? throw new InvalidOperationException("the path names no exec");

    /// <summary>The snapshot that the path names.</summary>
    public Snapshot Snapshot => _snapshot ?? throw new InvalidOperationException("the path names no snapshot");

    /// <summary>Steps 4 and 5: size, arrival, JSON.</summary>
    public async ValueTask ReadBodyAsync(BodyRule rule)
    {
        long maxBytes = Options.Http.MaxBodyBytes;
        if (Http.Request.ContentLength > maxBytes)
        {
            throw ApiErrors.PayloadTooLarge(maxBytes).Exception();
        }

        if (ReceivedBody.IsExpected(Http))
        {
            _body = await ReceivedBody.ReadAsync(Http, maxBytes, Dependencies.Time);
        }

        if (_body is null || JsonBody.IsBlank(_body.Bytes.Span))
        {
            if (rule == BodyRule.Required)
            {
                throw ApiErrors.EmptyBody().Exception();
            }

            return;
        }

        _document = rule == BodyRule.Lenient ? JsonBody.ParseLeniently(_body.Bytes) : JsonBody.Parse(_body.Bytes);
        if (_document is not null)
        {
            Fields = new BodyFields(_document.RootElement);
            _ = Fields.String("session_token");
        }
    }

    /// <summary>Steps 6 and 7. Over the administrator's socket a call without a token is the administrator's.</summary>
    public void Authenticate()
    {
        Token = FindToken();
        if (Token is null)
        {
            _session = FromSocket ? Dependencies.Sessions.Administrator : throw ApiErrors.TokenRequired().Exception();
        }
        else
        {
            _session = Dependencies.Sessions.Authenticate(Token) ?? throw ApiErrors.Unauthenticated().Exception();
        }
    }

    /// <summary>Steps 6 and 7 where the api key stands in for a token: it acts as the administrator then.</summary>
    public void AuthenticateOrKey()
    {
        string? authorization = Http.Request.Headers.Authorization;
        ApiKeyCheck key = new(Options.Http.ApiKey);
        if (FromSocket || !key.IsConfigured || authorization is null || FindToken() is not null)
        {
            Authenticate();
            return;
        }

        _session = key.Matches(authorization) ? Dependencies.Sessions.Administrator : throw ApiErrors.ApiKeyRequired().Exception();
    }

    /// <summary>Whether the request carries a token at all, in its header or query.</summary>
    public bool HasToken => FindToken() is not null;

    /// <summary>A call with a link in place of a session: it is about this sandbox and nothing else.</summary>
    public void EnterByLink(Sandbox sandbox) => _sandbox = sandbox;

    /// <summary>Steps 8 to 10: the sandbox of the path, its owner, the exec or snapshot of the path.</summary>
    public void FindTargets(string[] pattern)
    {
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == "{id}")
            {
                _sandbox = FindSandbox(Path[i]);
            }
            else if (pattern[i] == "{execId}")
            {
                _exec = FindExec(Path[i]);
            }
            else if (pattern[i] == "{snapshotId}")
            {
                _snapshot = Dependencies.Diffs.Require(Sandbox.Id, Path[i]);
            }
        }
    }

    /// <summary>Steps 8 to 10 where the body names the exec and its sandbox.</summary>
    public void FindExec(string sandbox, string exec)
    {
        _sandbox = FindSandbox(sandbox);
        _exec = FindExec(exec);
    }

    /// <summary>Whether this call may touch what that session owns.</summary>
    public bool Owns(SessionId owner) => Session.IsAdministrator || Session.Id == owner;

    /// <summary>A sandbox by its id, and whose it is: steps 8 and 9.</summary>
    public Sandbox FindSandbox(string text)
    {
        Sandbox sandbox = (SandboxId.TryParse(text, out SandboxId id) ? Sandboxes.Find(id) : null)
            ?? throw ApiErrors.NotFound("sandbox", text).Exception();
        Audit?.Touch(sandbox.Id.ToString());
        return Owns(sandbox.Session) ? sandbox : throw ApiErrors.OtherSession(text).Exception();
    }

    /// <summary>A query parameter; null when it is not there. Given twice, the first counts.</summary>
    public string? Query(string name)
    {
        foreach (QueryStringEnumerable.EncodedNameValuePair pair in new QueryStringEnumerable(Http.Request.QueryString.Value))
        {
            if (pair.DecodeName().Span.SequenceEqual(name))
            {
                return pair.DecodeValue().ToString();
            }
        }

        return null;
    }

    public void Dispose()
    {
        _document?.Dispose();
        _body?.Dispose();
    }

    private string? FindToken() =>
        NotBlank(Fields.String("session_token"))
        ?? NotBlank(Http.Request.Headers["X-Session-Token"].FirstOrDefault())
        ?? NotBlank(Query("session_token"));

    private Exec FindExec(string text)
    {
        Exec exec = ExecId.TryParse(text, out ExecId id) && Execs.Find(id) is { } found && found.Sandbox == Sandbox.Id
            ? found
            : throw ApiErrors.NotFound("exec", text).Exception();
        Audit?.Touch(exec.Id.ToString());
        return exec;
    }

    private static string? NotBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
