using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Auditing;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Errors;
using Sleigh.Api.Ingress;
using Sleigh.Api.Json;
using Sleigh.Api.Peers;
using Sleigh.Api.Routing;
using Sleigh.Api.Telemetry;
using Sleigh.Runtime;

namespace Sleigh.Api.Transport;

/// <summary>Takes each request through the checks in the order of section 1.5 of the contract and turns every outcome into a reply.</summary>
internal sealed class Dispatcher : IDisposable
{
    private readonly ApiDependencies _dependencies;
    private readonly RouteTable _routes;
    private readonly IngressProxy _ingress;
    private volatile FrontRules _rules;

    public Dispatcher(ApiDependencies dependencies)
    {
        _dependencies = dependencies;
        _rules = FrontRules.Of(dependencies.Options.Now.Http);
        _routes = new RouteTable(AllEndpoints.List());
        _ingress = new IngressProxy(dependencies.Ports);
    }

    public void Dispose() => _ingress.Dispose();

    public async Task InvokeAsync(HttpContext http)
    {
        long started = Stopwatch.GetTimestamp();
        string requestId = RequestIds.Choose(http.Request.Headers[RequestIds.Header]);
        http.Response.Headers[RequestIds.Header] = requestId;
        SocketPeerFeature? peer = http.Features.Get<SocketPeerFeature>();
        using Call call = new(http, _dependencies, requestId, fromSocket: peer is { Allowed: true });
        ApiError? error = null;
        try
        {
            error = await TryAnswerAsync(call, peer);
            if (error is not null)
            {
                call.Audit?.Failed(error.Code);
                await ErrorReply.SendAsync(http, error, requestId);
            }
        }
        catch (Exception left) when (left is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read a reply; the status is for the log, where none has gone out yet.
            if (!http.Response.HasStarted)
            {
                http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }
        }

        call.Audit?.Finish();
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        Log(call, took);
        _dependencies.Requests.Answered(call.Route, http.Request.Method, http.Response.StatusCode, took);
        if (call.Span is { } span)
        {
            RequestSpan.End(span, call, error);
        }
    }

    private async Task<ApiError?> TryAnswerAsync(Call call, SocketPeerFeature? peer)
    {
        try
        {
            Reply reply = await AnswerAsync(call, peer);
            await reply.SendAsync(call.Http);
            return null;
        }
        catch (ApiException refused)
        {
            return refused.Error;
        }
        catch (RuntimeException failed)
        {
            return Failed(call, failed);
        }
        catch (OperationCanceledException stopped) when (_dependencies.Host.IsStopping && IsOurs(stopped, call))
        {
            return ApiErrors.ShuttingDown();
        }
        catch (Exception broken) when (broken is BadHttpRequestException or ConnectionResetException && IsOurs(broken, call))
        {
            // A streamed body that ended early, where its reader passes that on.
            return ApiErrors.BrokenBody();
        }
        catch (Exception unforeseen) when (IsOurs(unforeseen, call))
        {
            if (RuntimeException.Of(unforeseen) is RuntimeException known)
            {
                return Failed(call, known);
            }

            // The edge of the program: whatever went wrong, the caller gets a JSON error and the log gets the cause.
            ApiLog.Unforeseen(call, unforeseen);
            return ApiErrors.Internal();
        }
    }

    private static ApiError Failed(Call call, RuntimeException failed)
    {
        ApiError error = ErrorKinds.ToApiError(failed);
        if (error.Status >= StatusCodes.Status500InternalServerError)
        {
            ApiLog.Failed(call, error.Code, failed.Message, failed.InnerException);
        }

        return error;
    }

    private static bool IsOurs(Exception failure, Call call) =>
        !call.Http.Response.HasStarted && !(failure is OperationCanceledException or IOException && call.Gone.IsCancellationRequested);

    private async Task<Reply> AnswerAsync(Call call, SocketPeerFeature? peer)
    {
        HttpRequest request = call.Http.Request;
        IngressTarget? ingress = IngressTarget.Find(call.Http, call.Options.Ingress.Domain);
        string? origin = Admit(call, peer, isKnown: ingress is { IsByHost: true });
        if (origin is not null)
        {
            Cors.Allow(call.Http, origin);
        }

        if (ingress is not null)
        {
            return await AnswerAsync(call, ingress, isPreflight: origin is not null && Cors.IsPreflight(call.Http));
        }

        if (!_routes.TryFindPath(request.Path.Value ?? "", call.FromSocket, out RouteTable.Path? path, out string[] values))
        {
            throw ApiErrors.RouteNotFound().Exception();
        }

        call.Route = path.Pattern;
        if (origin is not null && Cors.IsPreflight(call.Http))
        {
            return Cors.Preflight(call.Http, path.Methods);
        }

        Routing.Endpoint endpoint = path.For(request.Method);
        call.Path = values;
        call.Operation = endpoint.Operation;
        call.Span = RequestSpan.Begin(call, endpoint, () => call.FromSocket || IsTrusted(call.Http, RulesFor(call).ApiKey));
        if (endpoint.Audited && call.Options.Audit.Enabled && !HttpMethods.IsHead(request.Method))
        {
            call.Audit = AuditedCall.Begin(call, peer?.Peer, RulesFor(call).ApiKey);
        }

        if (_dependencies.Host.IsStopping && !HealthEndpoints.AnswersWhileStopping(endpoint))
        {
            throw ApiErrors.ShuttingDown().Exception();
        }

        if (endpoint.Access == AccessClass.Trusted && !call.FromSocket)
        {
            RequireTrust(call.Http, RulesFor(call));
        }

        return await endpoint.AnswerAsync(call);
    }

    // No web page can open a unix socket; callers put any name into Host there.
    private string? Admit(Call call, SocketPeerFeature? peer, bool isKnown)
    {
        IHeaderDictionary headers = call.Http.Request.Headers;
        try
        {
            return peer switch
            {
                null => RulesFor(call).HostAndOrigin.Check(headers.Host, headers.Origin, isKnown),
                { Allowed: true } => null,
                _ => throw ApiErrors.SocketPeerRefused().Exception(),
            };
        }
        catch (ApiException) when (call.Options.Audit.Enabled)
        {
            call.Audit = AuditedCall.BeginAtDoor(call, peer?.Peer, RulesFor(call).ApiKey);
            throw;
        }
    }

    private async Task<Reply> AnswerAsync(Call call, IngressTarget ingress, bool isPreflight)
    {
        (call.Route, call.Operation) = (IngressTarget.Route, "ingress");
        if (isPreflight)
        {
            return Cors.Preflight(call.Http, IngressProxy.Methods);
        }

        return _dependencies.Host.IsStopping
            ? throw ApiErrors.ShuttingDown().Exception()
            : await _ingress.AnswerAsync(call, ingress, RulesFor(call).ApiKey);
    }

    // Made anew after a reload.
    private FrontRules RulesFor(Call call)
    {
        FrontRules rules = _rules;
        return ReferenceEquals(rules.From, call.Options.Http) ? rules : _rules = FrontRules.Of(call.Options.Http);
    }

    private static bool IsTrusted(HttpContext http, ApiKeyCheck key) =>
        key.IsConfigured ? key.Matches(http.Request.Headers.Authorization) : IsLoopback(http.Connection.RemoteIpAddress);

    private static void RequireTrust(HttpContext http, FrontRules rules)
    {
        if (rules.ApiKey.IsConfigured)
        {
            if (!rules.ApiKey.Matches(http.Request.Headers.Authorization))
            {
                throw ApiErrors.ApiKeyRequired().Exception();
            }
        }
        else if (!IsLoopback(http.Connection.RemoteIpAddress))
        {
            throw ApiErrors.AdminLoopbackOnly().Exception();
        }
        else if (rules.HostAndOrigin.IsFromPage(http.Request.Headers))
        {
            throw ApiErrors.HostNotAllowed("Origin", "http.allowed_origins").Exception();
        }
    }

    private static bool IsLoopback(IPAddress? peer) =>
        peer is not null && IPAddress.IsLoopback(peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer);

    private static void Log(Call call, TimeSpan took)
    {
        int status = call.Http.Response.StatusCode;
        if (call.FromSocket && call.Http.Request.Path.Value == HealthEndpoints.AlivePath)
        {
            ApiLog.AskedForLife(call, status, took);
        }
        else
        {
            ApiLog.Answered(call, status, took);
        }
    }
}
