using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>
/// Tells <c>alerts.webhook_url</c> that the host runs out of memory: levels high and critical, each at most once in 60 s. One try is made: who
/// watches the host asks again soon, and a try that failed does not count for the 60 s.
/// </summary>
internal sealed partial class HostAlerts
{
    private static readonly TimeSpan NotAgainWithin = TimeSpan.FromSeconds(60);

    // The answer to the caller waits so long; the try goes on behind it.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly Func<WebhookRequest, CancellationToken, Task<WebhookOutcome>> _send;
    private readonly LiveOptions _options;
    private readonly Background _background;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<OomRisk, DateTimeOffset> _told = [];

    public HostAlerts(
        Func<WebhookRequest, CancellationToken, Task<WebhookOutcome>> send, LiveOptions options, Background background, TimeProvider time, ILogger logger) =>
        (_send, _options, _background, _time, _logger) = (send, options, background, time, logger);

    /// <summary>Sends an alert if one is due.</summary>
    /// <param name="diagnosis">What is told.</param>
    /// <param name="cancellationToken">Ends the waiting, not the try.</param>
    public async Task<AlertResult> TellAsync(OomDiagnosis diagnosis, CancellationToken cancellationToken)
    {
        if (_options.Now.Alerts.WebhookUrl is not Uri url)
        {
            return AlertResult.None;
        }

        AlertResult quiet = new(WebhookUrl.Shown(url.AbsoluteUri), false, null);
        if (diagnosis.Risk is not (OomRisk.High or OomRisk.Critical) || !TryTake(diagnosis))
        {
            return quiet;
        }

        WebhookRequest request = new(WebhookDeliveryId.New(), 1, url.AbsoluteUri, Body(diagnosis));
        TaskCompletionSource<WebhookOutcome> outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _background.Run("send an alert about the host's memory", () => SendAsync(request, diagnosis, outcome));
        await ((Task)outcome.Task.WaitAsync(Moment, _time, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return outcome.Task is { IsCompletedSuccessfully: true, Result: { Taken: false } failed }
            ? quiet with { Error = failed.Error }
            : quiet with { Dispatched = true };
    }

    private bool TryTake(OomDiagnosis diagnosis)
    {
        lock (_lock)
        {
            bool due = !_told.TryGetValue(diagnosis.Risk, out DateTimeOffset last) || diagnosis.Time - last >= NotAgainWithin || last > diagnosis.Time;
            if (due)
            {
                _told[diagnosis.Risk] = diagnosis.Time;
            }

            return due;
        }
    }

    private async Task SendAsync(WebhookRequest request, OomDiagnosis diagnosis, TaskCompletionSource<WebhookOutcome> done)
    {
        WebhookOutcome outcome = await _send(request, CancellationToken.None);
        if (outcome.Taken)
        {
            Told(_logger, Word(diagnosis.Risk), string.Join(", ", diagnosis.Signals));
        }
        else
        {
            NotTold(_logger, Word(diagnosis.Risk), string.Join(", ", diagnosis.Signals), WebhookUrl.Receiver(request.Url), outcome.Error ?? "");
            lock (_lock)
            {
                if (_told.TryGetValue(diagnosis.Risk, out DateTimeOffset last) && last == diagnosis.Time)
                {
                    _told.Remove(diagnosis.Risk);
                }
            }
        }

        done.SetResult(outcome);
    }

    // Compact, keys sorted, as all that is signed.
    private static byte[] Body(OomDiagnosis diagnosis)
    {
        ArrayBufferWriter<byte> buffer = new(512);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("payload");
            WriteList(json, "recommendations", diagnosis.Recommendations);
            json.WriteString("risk_level", Word(diagnosis.Risk));
            WriteList(json, "signals", diagnosis.Signals);
            json.WriteString("time", diagnosis.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.WriteString("status", "alert");
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static string Word(OomRisk risk) => risk.ToString().ToLowerInvariant();

    [LoggerMessage(EventId = 1910, EventName = "alert", Level = LogLevel.Warning, Message = "The host runs short of memory, risk {Level}: {Signals}; the alert was taken")]
    private static partial void Told(ILogger logger, string level, string signals);

    [LoggerMessage(EventId = 1911, EventName = "alert", Level = LogLevel.Error, Message = "The host runs short of memory, risk {Level}: {Signals}; no alert to {Receiver}: {Reason}")]
    private static partial void NotTold(ILogger logger, string level, string signals, string receiver, string reason);
}
