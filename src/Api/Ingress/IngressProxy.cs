using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Transport;
using Sleigh.Runtime;

namespace Sleigh.Api.Ingress;

/// <summary>
/// Passes requests on to servers in sandboxes and their answers back, piece by piece. Each request has a connection of its own: over loopback that costs
/// some ten microseconds, and no request meets one that the server is just closing.
/// </summary>
internal sealed class IngressProxy : IDisposable
{
    private const int Piece = 64 * 1024;

    // For answers that are under way when the daemon is told to stop.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2);

    private readonly IPorts _ports;
    private readonly HttpMessageInvoker _client;

    public IngressProxy(IPorts ports)
    {
        _ports = ports;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = TimeSpan.Zero,
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ConnectCallback = async (context, token) =>
                new OneRequestStream(await _ports.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, token)),
        });
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Answers a request that is for a server in a sandbox.</summary>
    public async Task<Reply> AnswerAsync(Call call, IngressTarget target, ApiKeyCheck key)
    {
        IngressGrant grant = IngressGate.Enter(call, target);
        if (HttpMethods.IsConnect(call.Http.Request.Method))
        {
            throw ApiErrors.MethodNotAllowed(Methods).Exception();
        }

        IHeaderDictionary headers = call.Http.Response.Headers;
        if (grant.Keep is PortLink keep)
        {
            long seconds = (long)Left(keep.Expires, call).TotalSeconds;
            headers.Append("Set-Cookie", LinkCookie.Make(keep.Value, target, seconds, IngressHeaders.IsSecure(call.Http.Request.Headers["X-Forwarded-Proto"])));
        }

        if (grant.CleansAddress)
        {
            headers.Location = CleanAddress(target);
            headers.CacheControl = "no-store";
            return Reply.Empty(StatusCodes.Status303SeeOther);
        }

        PortPlace place = Reach(grant);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, place.Ended, place.TakenBack);
        if (grant.Until is DateTimeOffset until)
        {
            end.CancelAfter(Left(until, call));
        }

        using CancellationTokenRegistration stopping = call.Dependencies.Host.Stopping.Register(() => end.CancelAfter(StopGrace));
        try
        {
            await ExchangeAsync(call, target, grant.Port, place, key, end.Token);
            return Reply.Sent;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException or InvalidOperationException)
        {
            call.Gone.ThrowIfCancellationRequested();
            if (call.Http.Response.HasStarted)
            {
                // The only way to say that it is not whole.
                ApiLog.CutOff(call, failure);
                call.Http.Abort();
                return Reply.Sent;
            }

            throw ErrorOf(failure, call, place, grant);
        }
        finally
        {
            _ports.Touch(grant.Sandbox);
        }
    }

    /// <summary>What is let through; for preflights of web pages that may call, which carry no token.</summary>
    public static IReadOnlyList<string> Methods { get; } = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    private static TimeSpan Left(DateTimeOffset until, Call call)
    {
        TimeSpan left = until - call.Dependencies.Time.GetUtcNow();
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    // That nothing listens yet is nothing to log as an error of ours.
    private PortPlace Reach(IngressGrant grant)
    {
        try
        {
            return _ports.Reach(grant.Sandbox, grant.Port);
        }
        catch (RuntimeException e) when (e.Kind == ErrorKind.PortNotListening)
        {
            throw ErrorKinds.ToApiError(e).Exception();
        }
    }

    // Two slashes at the beginning would name another host, and browsers take a backslash for a slash.
    private static string CleanAddress(IngressTarget target) =>
        (target.IsByHost && target.Path is [_, '/' or '\\', ..] ? "/." : target.Prefix) + target.Path + PlainQuery.Without(target.Query);

    private async Task ExchangeAsync(Call call, IngressTarget target, int port, PortPlace place, ApiKeyCheck key, CancellationToken cancellationToken)
    {
        HttpContext http = call.Http;
        RequestFraming.Check(http.Request.Headers);
        ReceivedBody.UncapServer(http);
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        IHttpUpgradeFeature? upgrade = UpgradeOf(http);
        using HttpRequestMessage request = RequestFor(call, target, port, place, key, upgrade is not null);
        using HttpResponseMessage response = await _client.SendAsync(request, cancellationToken);
        http.Response.StatusCode = (int)response.StatusCode;
        CopyHeaders(response, http.Response, target, port);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            await TunnelAsync(call, response, upgrade, cancellationToken);
            return;
        }

        await using Stream body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await CopyAsync(body, http.Response, cancellationToken);
    }

    // What HTTP/2 offers itself with is no protocol of ours.
    private static IHttpUpgradeFeature? UpgradeOf(HttpContext http) =>
        http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade
            && http.Request.Headers.Upgrade is [{ Length: > 0 } protocol] && !protocol.StartsWith("h2c", StringComparison.OrdinalIgnoreCase)
            ? upgrade
            : null;

    private static HttpRequestMessage RequestFor(Call call, IngressTarget target, int port, PortPlace place, ApiKeyCheck key, bool upgrades)
    {
        HttpRequest sent = call.Http.Request;
        HttpRequestMessage request = new(new HttpMethod(sent.Method), target.AddressAt(place.Name, port))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = !upgrades && ReceivedBody.IsExpected(call.Http) ? new StreamedContent(sent) : null,
        };
        foreach ((string name, string value) in IngressHeaders.ForServer(sent.Headers, target, port, call.Http.Connection.RemoteIpAddress, v => key.Matches(v)))
        {
            if (name == "Host")
            {
                request.Headers.Host = value;
            }
            else if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Headers.ConnectionClose = !upgrades;
        if (upgrades)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", sent.Headers.Upgrade.ToString());
        }

        return request;
    }

    private static void CopyHeaders(HttpResponseMessage from, HttpResponse to, IngressTarget target, int port)
    {
        StringValues connection = from.Headers.NonValidated.TryGetValues("Connection", out HeaderStringValues words) ? new StringValues([.. words]) : default;
        HashSet<string> ours = new(to.Headers.Keys.Where(name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase)), StringComparer.OrdinalIgnoreCase);
        foreach ((string name, HeaderStringValues values) in from.Headers.NonValidated.Concat(from.Content.Headers.NonValidated))
        {
            foreach (string value in values)
            {
                if (!ours.Contains(name) && IngressHeaders.ForCaller(name, value, connection, target, port) is { } passed)
                {
                    to.Headers.Append(name, passed);
                }
            }
        }

        // Answers of these kinds have no body, and no length of one that Kestrel lets through. Where the server says two lengths, that of the pieces counts.
        if (to.StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status101SwitchingProtocols))
        {
            to.ContentLength = from.Headers.TransferEncodingChunked == true ? null : from.Content.Headers.ContentLength;
        }
    }

    private static async Task TunnelAsync(Call call, HttpResponseMessage response, IHttpUpgradeFeature? upgrade, CancellationToken cancellationToken)
    {
        if (upgrade is null)
        {
            throw new HttpRequestException("the server switched protocols without being asked to");
        }

        call.Http.Response.Headers.Upgrade = response.Headers.Upgrade.ToString();
        await using Stream server = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using Stream caller = await upgrade.UpgradeAsync();
        await Tunnel.RunAsync(caller, server, cancellationToken);
    }

    private static async Task CopyAsync(Stream body, HttpResponse response, CancellationToken cancellationToken)
    {
        // The head goes out before the first piece of the body: a stream of events may be silent for long.
        await response.StartAsync(cancellationToken);
        while (await Pieces.PassAsync(body, response.Body, Piece, cancellationToken))
        {
        }
    }

    // A fault of the host's own stays as it is: the log gets its cause.
    private static Exception ErrorOf(Exception failure, Call call, PortPlace place, IngressGrant grant)
    {
        ForgetHeaders(call.Http.Response);
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case RuntimeException { Kind: ErrorKind.PortUnreachable } host: return host;
                case RuntimeException ours: return ErrorKinds.ToApiError(ours).Exception();
                case BadHttpRequestException or ConnectionResetException: return ApiErrors.BrokenBody().Exception();
                default: break;
            }
        }

        if (place.Ended.IsCancellationRequested)
        {
            return ErrorKinds.ToApiError(new RuntimeException(
                ErrorKind.PortNotListening, $"sandbox {grant.Sandbox} was stopped or rolled back before its server answered")).Exception();
        }

        return (call.Dependencies.Host.IsStopping ? ApiErrors.ShuttingDown() : ApiErrors.PortFailed(grant.Port, grant.Sandbox.ToString())).Exception();
    }

    // What the server had said is no part of our own answer.
    private static void ForgetHeaders(HttpResponse response)
    {
        StringValues requestId = response.Headers[RequestIds.Header];
        response.Headers.Clear();
        response.Headers[RequestIds.Header] = requestId;
    }
}
