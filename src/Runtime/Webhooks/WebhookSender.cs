using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>
/// Sends one try: a new connection each time, to an address that was checked, without proxy, cookies and redirects. Of the answer only the
/// status is read. Safe for use by several threads.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    // Where a name has several addresses, one that swallows everything must not take the time of the others.
    private static readonly TimeSpan OneOfSeveral = TimeSpan.FromSeconds(3);

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly LiveOptions _options;
    private readonly Func<string> _secret;
    private readonly TimeProvider _time;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpMessageInvoker _http;

    /// <param name="options">Blocked networks and the own address are read at each connection.</param>
    /// <param name="secret">The key of signatures, asked for at each try.</param>
    /// <param name="time">The clock.</param>
    /// <param name="resolve">Looks a name up; null: the system does.</param>
    public WebhookSender(
        LiveOptions options, Func<string> secret, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        (_options, _secret, _time, _resolve) = (options, secret, time, resolve ?? NameLookup.FindAsync);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = ConnectAsync,

            // A kept connection would not be checked again.
            PooledConnectionLifetime = TimeSpan.Zero,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = null,
        });
    }

    /// <summary>Sends it and waits for the status, 8 s at most. It does not fail.</summary>
    /// <param name="request">What.</param>
    /// <param name="stop">Cuts the try off.</param>
    public async Task<WebhookOutcome> SendAsync(WebhookRequest request, CancellationToken stop)
    {
        using CancellationTokenSource limit = new(WebhookPace.TryLimit, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            using HttpRequestMessage message = Message(request);
            using HttpResponseMessage answer = await _http.SendAsync(message, either.Token);
            return WebhookOutcome.Answered((int)answer.StatusCode);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or SocketException
            or FormatException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            return Blocked(e) is BlockedAddressException blocked ? WebhookOutcome.Blocked(blocked.Message)
                : limit.IsCancellationRequested ? WebhookOutcome.TimedOut
                : stop.IsCancellationRequested ? WebhookOutcome.CutOff
                : WebhookOutcome.NotConnected(Reason(e));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Message(WebhookRequest request)
    {
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        HttpRequestMessage message = new(HttpMethod.Post, new Uri(request.Url))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(request.Body) { Headers = { ContentType = Json } },
        };
        HttpRequestHeaders headers = message.Headers;
        headers.ConnectionClose = true;
        headers.TryAddWithoutValidation("User-Agent", $"sleigh/{RuntimeHost.Version}");
        headers.TryAddWithoutValidation("X-Timestamp", now.ToString(CultureInfo.InvariantCulture));
        headers.TryAddWithoutValidation("X-Signature", WebhookSignature.Of(_secret(), now, request.Body));
        headers.TryAddWithoutValidation("X-Delivery-Id", request.Delivery.ToString());
        headers.TryAddWithoutValidation("X-Delivery-Attempt", request.Attempt.ToString(CultureInfo.InvariantCulture));
        return message;
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint to = context.DnsEndPoint;
        IPAddress[] addresses = IPAddress.TryParse(to.Host, out IPAddress? literal) ? [literal] : await _resolve(to.Host, cancellationToken);
        foreach (IPAddress address in addresses)
        {
            Check(address, to.Port);
        }

        SocketException? last = null;
        foreach (IPAddress address in addresses)
        {
            Socket? socket = null;
            using CancellationTokenSource limit = new(addresses.Length == 1 ? Timeout.InfiniteTimeSpan : OneOfSeveral, _time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            try
            {
                socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(new IPEndPoint(address, to.Port), either.Token);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket?.Dispose();
                last = e;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                socket?.Dispose();
                last = new SocketException((int)SocketError.TimedOut);
            }
            catch (OperationCanceledException)
            {
                socket?.Dispose();
                throw;
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    // One blocked address among several is a hit too: which one is connected to must not hang on the order of an answer.
    private void Check(IPAddress address, int port)
    {
        SleighOptions now = _options.Now;
        if (WebhookAddress.IsBlocked(address, now.Webhooks.BlockedNetworks))
        {
            throw new BlockedAddressException(address, "lies in a blocked network");
        }

        // Callers from loopback may do things here that the owner of a session may not.
        if (port == now.Http.Listen.Port && (IPAddress.IsLoopback(Plain(address)) || Plain(address).Equals(now.Http.Listen.Address)))
        {
            throw new BlockedAddressException(address, "is the daemon itself");
        }
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static BlockedAddressException? Blocked(Exception e) => e as BlockedAddressException ?? (e.InnerException is Exception inner ? Blocked(inner) : null);

    private static string Reason(Exception e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "the name has no address",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        SocketException { SocketErrorCode: SocketError.TimedOut } => "no connection in time",
        SocketException { SocketErrorCode: SocketError.NetworkUnreachable or SocketError.HostUnreachable } => "there is no way to the address",
        SocketException socket => $"no connection ({socket.SocketErrorCode})",
        AuthenticationException => "no TLS: the certificate or the protocol is not accepted",
        { InnerException: Exception inner } => Reason(inner),
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "no TLS: the certificate or the protocol is not accepted",
        _ => "the connection ended without an HTTP answer",
    };
}
