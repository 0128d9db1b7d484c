using Microsoft.Extensions.Logging;

namespace Sleigh.Daemon.Telemetry;

/// <summary>The way to the collector, which tells once when it ends and once when it is there again.</summary>
internal sealed partial class ExportWatch : DelegatingHandler
{
    private readonly string _what;
    private readonly ILogger _logger;
    private int _failing;

    /// <param name="what">What is sent: traces or metrics.</param>
    /// <param name="logger">Where sentences go.</param>
    public ExportWatch(string what, ILogger logger)
        : this(what, logger, new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
    }

    /// <summary>As above, over another handler.</summary>
    internal ExportWatch(string what, ILogger logger, HttpMessageHandler inner)
        : base(inner) => (_what, _logger) = (what, logger);

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Heard(request, base.Send(request, cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && Lost(request, Reason(e)))
        {
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return Heard(request, await base.SendAsync(request, cancellationToken));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && Lost(request, Reason(e)))
        {
            throw;
        }
    }

    private static string Reason(Exception e) => e is HttpRequestException ? e.Message : "no answer in time";

    private HttpResponseMessage Heard(HttpRequestMessage request, HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            Lost(request, $"it answered {(int)response.StatusCode}");
        }
        else if (Interlocked.Exchange(ref _failing, 0) == 1)
        {
            Back(_logger, _what, Place(request));
        }

        return response;
    }

    // Always false: a filter, so that the exception goes on as it is.
    private bool Lost(HttpRequestMessage request, string why)
    {
        if (Interlocked.Exchange(ref _failing, 1) == 0)
        {
            Unreached(_logger, _what, Place(request), why);
        }

        return false;
    }

    // Without a name and password, and without a query.
    private static string Place(HttpRequestMessage request) =>
        request.RequestUri is { } url ? url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "?";

    [LoggerMessage(EventId = 1932, EventName = "telemetry", Level = LogLevel.Warning, Message = "No {What} reach {Collector}: {Why}; they are lost until it is back")]
    private static partial void Unreached(ILogger logger, string what, string collector, string why);

    [LoggerMessage(EventId = 1933, EventName = "telemetry", Level = LogLevel.Information, Message = "{What} reach {Collector} again")]
    private static partial void Back(ILogger logger, string what, string collector);
}
