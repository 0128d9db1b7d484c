using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Events;

namespace Sleigh.Containerd;

/// <summary>containerd's event stream, made so that nothing is missed without the reader being told.</summary>
public sealed class ContainerdEvents
{
    /// <summary>Our own event, by which we know that a subscription is in force. No dots are allowed at the ends of a part.</summary>
    private const string MarkTopic = "/sleigh/mark";

    private const string Service = "containerd.services.events.v1.Events";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private static readonly GrpcMethod<Wire.SubscribeRequest, Wire.Envelope> Subscribe = new(Service, "Subscribe", Wire.Envelope.Parser);
    private static readonly GrpcMethod<Wire.PublishRequest, Empty> Publish = new(Service, "Publish", Empty.Parser, Safe: true);

    private readonly GrpcCaller _caller;
    private readonly TimeProvider _time;

    internal ContainerdEvents(GrpcCaller caller, TimeProvider time)
    {
        _caller = caller;
        _time = time;
    }

    /// <summary>
    /// All events of the client's namespace, for as long as the token lives. The first item is a <see cref="ContainerdEvent.Gap"/>:
    /// from then on nothing is missed, so list now. When the stream breaks (containerd restarts), it is opened again, as often as
    /// needed, and another Gap is given.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; the stream has no other end.</exception>
    public async IAsyncEnumerable<ContainerdEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string reason = "the stream begins here";
        TimeSpan pause = FirstPause;
        while (true)
        {
            var items = Channel.CreateBounded<ContainerdEvent>(new BoundedChannelOptions(1024) { SingleReader = true, SingleWriter = true });
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task pump = PumpAsync(items.Writer, reason, stop.Token);
            try
            {
                await foreach (ContainerdEvent item in items.Reader.ReadAllAsync(cancellationToken))
                {
                    pause = FirstPause;
                    yield return item;
                }
            }
            finally
            {
                await stop.CancelAsync();
                await pump.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            try
            {
                await pump;
                reason = "containerd ended the stream";
            }
            catch (ContainerdException ex)
            {
                reason = ex.Message;
            }

            await Task.Delay(pause, _time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task PumpAsync(ChannelWriter<ContainerdEvent> items, string reason, CancellationToken cancellationToken)
    {
        Task marking = Task.CompletedTask;
        using var marked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // A server answers to Subscribe only with its first event: publish one of our own until it comes back.
            string mark = Guid.NewGuid().ToString("N");
            bool open = false;
            marking = MarkAsync(mark, marked.Token);
            var request = new Wire.SubscribeRequest { Filters = { $"namespace=={_caller.Namespace}" } };
            await foreach (Wire.Envelope envelope in _caller.StreamAsync(Subscribe, request, "follow the events of containerd", cancellationToken))
            {
                if (envelope.Topic.StartsWith(MarkTopic, StringComparison.Ordinal))
                {
                    if (!open && envelope.Topic.EndsWith(mark, StringComparison.Ordinal))
                    {
                        open = true;
                        await marked.CancelAsync();
                        await items.WriteAsync(new ContainerdEvent.Gap(envelope.Timestamp.ToTime(), reason), cancellationToken);
                    }
                }
                else if (open)
                {
                    // What comes before the mark is covered by the caller's listing.
                    await items.WriteAsync(EventDecoder.Decode(envelope), cancellationToken);
                }
            }
        }
        finally
        {
            await marked.CancelAsync();
            await marking;
            items.TryComplete();
        }
    }

    private async Task MarkAsync(string mark, CancellationToken cancellationToken)
    {
        var request = new Wire.PublishRequest { Topic = $"{MarkTopic}/{mark}", Event = new Any { TypeUrl = "google.protobuf.Empty" } };
        TimeSpan pause = FirstPause;
        try
        {
            while (true)
            {
                await _caller.CallAsync(Publish, request, "publish an event", cancellationToken);
                await Task.Delay(pause, _time, cancellationToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (Exception ex) when (ex is ContainerdException or OperationCanceledException)
        {
            // The subscription itself fails for the same reason, and says so; or the mark has come back.
        }
    }
}
