using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Streams;

/// <summary>
/// One reader of events. It is told that there are more and takes them from the records, so a slow one costs no memory. What is no
/// longer kept when it comes to it is told as a gap.
/// </summary>
/// <param name="call">The call.</param>
/// <param name="query">What it asks for.</param>
/// <param name="session">Whose events; null: of all sessions.</param>
internal sealed class EventStream(Call call, EventQuery query, SessionId? session)
{
    private const int Batch = 100;

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly IEvents _events = call.Dependencies.Events;

    /// <summary>Sends until the reader goes, the session ends, or the daemon stops.</summary>
    public async Task RunAsync()
    {
        // Watched before anything is read: nothing falls between.
        using EventWatch watch = _events.Watch(session);
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Dependencies.Host.Stopping);
        ServerSentEvents stream = await ServerSentEvents.StartAsync(call.Http, call.Dependencies.Time, call.Gone);
        if (HttpMethods.IsHead(call.Http.Request.Method))
        {
            return;
        }

        string reason;
        try
        {
            reason = await FollowAsync(stream, watch, ends.Token);
        }
        catch (OperationCanceledException) when (!call.Gone.IsCancellationRequested)
        {
            reason = "shutdown";
        }

        using CancellationTokenSource farewell = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
        farewell.CancelAfter(Farewell);
        await stream.SendAsync(
            null, "stream.end", json => EventView.WriteOfStream(json, "stream.end", Now, session, data => data.WriteString("reason", reason)), farewell.Token);
    }

    private DateTimeOffset Now => call.Dependencies.Time.GetUtcNow();

    private async Task<string> FollowAsync(ServerSentEvents stream, EventWatch watch, CancellationToken cancellationToken)
    {
        long newest = _events.Newest(session);
        long position = Math.Min(query.After ?? newest, newest);

        // Who asks for the oldest kept misses nothing; holes count from what there was at that moment.
        long gapsFrom = query.After == 0 ? newest : position;
        while (true)
        {
            IReadOnlyList<SessionEvent> more = _events.Read(session, position, Batch);

            // Looked at after the reading: an event that was added after the end is never shown.
            more = watch.Ended is null ? more : [];
            foreach (SessionEvent e in more)
            {
                long number = session is null ? e.Number : e.Seq;
                if (number > position + 1 && position >= gapsFrom)
                {
                    await SendGapAsync(stream, position + 1, number - 1, cancellationToken);
                }

                position = number;
                if (query.Matches(e))
                {
                    await stream.SendAsync(
                        number.ToString(CultureInfo.InvariantCulture), e.Type, json => EventView.Write(json, e, number), cancellationToken);
                }
            }

            if (watch.Ended is { } ended)
            {
                return ended == SessionEndReason.Expired ? "expired" : "revoked";
            }

            if (more.Count < Batch)
            {
                await stream.WaitAsync(watch.ChangedAsync(), cancellationToken);
            }
        }
    }

    private Task SendGapAsync(ServerSentEvents stream, long from, long to, CancellationToken cancellationToken) => stream.SendAsync(
        null,
        "stream.gap",
        json => EventView.WriteOfStream(json, "stream.gap", Now, session, data =>
        {
            data.WriteNumber("missed_from", from);
            data.WriteNumber("missed_to", to);
        }),
        cancellationToken);
}
