using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>How deliveries are tried, with a clock that the test moves.</summary>
public sealed class WebhookDelivererTests : IAsyncDisposable
{
    private const string Url = "http://h.example/x";

    private readonly WebhookStore _world = new();
    private readonly ConcurrentQueue<(WebhookRequest Request, DateTimeOffset At)> _sent = new();
    private readonly List<WebhookDeliverer> _deliverers = [];
    private Func<WebhookRequest, CancellationToken, Task<WebhookOutcome>> _answer = (_, _) => Task.FromResult(WebhookOutcome.Answered(500));

    public async ValueTask DisposeAsync()
    {
        foreach (WebhookDeliverer deliverer in _deliverers)
        {
            await deliverer.DisposeAsync();
        }

        _world.Dispose();
    }

    [Fact]
    [ContractLine("W1", Part = "body and id over tries")]
    [ContractLine("W2", Part = "five tries")]
    public async Task Five_tries_follow_at_the_contracts_pauses_with_the_same_body_and_id()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        DateTimeOffset begin = _world.Time.GetUtcNow();
        Start();

        await SentAsync(1);
        foreach (double pause in (double[])[0.5, 1.5, 4, 10])
        {
            int before = _sent.Count;
            await _world.Time.HasTimersAsync(1);
            _world.Time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(before, _sent.Count);
            _world.Time.Advance(TimeSpan.FromMilliseconds(1));
            await SentAsync(before + 1);
        }

        await FinalAsync(id, WebhookState.Failed);
        Assert.Equal([0, 0.5, 2, 6, 16], _sent.Select(s => (s.At - begin).TotalSeconds));
        Assert.Equal([1, 2, 3, 4, 5], _sent.Select(s => s.Request.Attempt));
        Assert.Equal((id, Url), Assert.Single(_sent.Select(s => (s.Request.Delivery, s.Request.Url)).Distinct()));
        Assert.Single(_sent.Select(s => Convert.ToHexString(s.Request.Body)).Distinct());
        WebhookLog log = _world.Records.FindWebhook(id)!;
        Assert.Equal((5, 500, "answered with status 500", null), (log.Delivery.Attempts, log.Delivery.LastStatus, log.Delivery.LastError, log.Delivery.Next));
        Assert.Equal([1, 2, 3, 4, 5], log.Tries.Select(t => t.Attempt));
        Assert.All(log.Tries, t => Assert.Equal((500, t.Started), (t.Status, t.Ended)));
        Assert.Equal(EventTypes.WebhookFailed, _world.Records.ReadEvents(log.Delivery.Session, 0, 10)[^1].Type);
    }

    [Fact]
    public async Task What_ends_while_it_runs_is_sent_at_once_and_only_once()
    {
        _answer = (_, _) => Task.FromResult(WebhookOutcome.Answered(200));
        Start();

        WebhookDeliveryId[] ids = [.. Enumerable.Range(0, 50).Select(i => _world.Queue($"{Url}{i}"))];

        await Task.WhenAll(ids.Select(id => FinalAsync(id, WebhookState.Delivered)));
        Assert.Equal(50, _sent.Select(s => s.Request.Delivery).Distinct().Count());
        Assert.Equal(50, _sent.Count);
    }

    [Fact]
    [ContractLine("W2", Part = "a restart in between")]
    public async Task A_restart_between_tries_neither_loses_one_nor_adds_one()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        Start();
        await SentAsync(1);
        await _world.Time.HasTimersAsync(1);
        _world.Time.Advance(TimeSpan.FromSeconds(0.5));
        await SentAsync(2);
        await _world.Time.HasTimersAsync(1);

        await RestartAsync();

        Assert.Equal(2, _sent.Count);
        foreach (double pause in (double[])[1.5, 4, 10])
        {
            await _world.Time.HasTimersAsync(1);
            _world.Time.Advance(TimeSpan.FromSeconds(pause));
            await SentAsync(_sent.Count);
        }

        await FinalAsync(id, WebhookState.Failed);
        Assert.Equal([1, 2, 3, 4, 5], _sent.Select(s => s.Request.Attempt));
    }

    [Fact]
    public async Task A_try_that_a_kill_cuts_off_counts_and_the_next_keeps_its_distance()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        _world.Records.BeginWebhookTry(id);
        _world.Reopen();

        Start();
        await _world.Time.HasTimersAsync(1);
        Assert.Empty(_sent);
        _world.Time.Advance(TimeSpan.FromSeconds(0.5));
        await SentAsync(1);

        Assert.Equal(2, _sent.Single().Request.Attempt);
        Assert.Equal("the daemon ended during this try", _world.Records.FindWebhook(id)!.Tries[0].Error);
    }

    [Fact]
    public async Task A_last_try_that_a_kill_cuts_off_is_the_last()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        for (int attempt = 1; attempt < 5; attempt++)
        {
            _world.Records.BeginWebhookTry(id);
            _world.Records.EndWebhookTry(EndedTry.Of(id, attempt, WebhookOutcome.TimedOut, _world.Time.GetUtcNow(), 0.5));
        }

        _world.Records.BeginWebhookTry(id);
        _world.Reopen();
        Start();

        await FinalAsync(id, WebhookState.Failed);
        Assert.Empty(_sent);
        Assert.Equal("the daemon ended during this try", _world.Records.FindWebhook(id)!.Delivery.LastError);
    }

    [Fact]
    public async Task A_stopping_daemon_waits_a_moment_for_answers_and_then_cuts_tries_off_which_count()
    {
        _answer = async (_, stop) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return WebhookOutcome.CutOff;
        };
        WebhookDeliveryId id = _world.Queue(Url);
        WebhookDeliverer deliverer = Start();
        await SentAsync(1);

        Task stopped = deliverer.DisposeAsync().AsTask();
        _deliverers.Clear();
        await _world.Time.HasTimersAsync(1);
        Assert.False(stopped.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        await stopped;

        WebhookLog log = _world.Records.FindWebhook(id)!;
        Assert.Equal((WebhookState.Queued, 1, "the daemon ended during this try"), (log.Delivery.State, log.Delivery.Attempts, log.Delivery.LastError));
        Assert.Equal(_world.Time.GetUtcNow() + TimeSpan.FromSeconds(0.5), log.Delivery.Next);
    }

    [Fact]
    public async Task A_blocked_address_is_tried_once()
    {
        _answer = (_, _) => Task.FromResult(WebhookOutcome.Blocked("10.0.0.1 lies in a blocked network"));
        WebhookDeliveryId id = _world.Queue(Url);
        Start();

        await FinalAsync(id, WebhookState.Failed);

        Assert.Single(_sent);
        Assert.Equal("10.0.0.1 lies in a blocked network", _world.Records.FindWebhook(id)!.Delivery.LastError);
    }

    [Fact]
    public async Task A_slow_receiver_holds_up_no_other_and_its_tries_are_bounded()
    {
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _answer = async (request, _) =>
        {
            if (request.Url.Contains("slow", StringComparison.Ordinal))
            {
                await gate.Task;
            }

            return WebhookOutcome.Answered(200);
        };
        Start();
        WebhookDeliveryId[] slow = [.. Enumerable.Range(0, 60).Select(i => _world.Queue($"http://slow.example/{i}"))];
        WebhookDeliveryId other = _world.Queue("http://other.example/");

        await FinalAsync(other, WebhookState.Delivered);

        await SentAsync(9);
        Assert.Equal(8, _sent.Count(s => s.Request.Url.Contains("slow", StringComparison.Ordinal)));
        gate.SetResult();
        await Task.WhenAll(slow.Select(id => FinalAsync(id, WebhookState.Delivered)));
    }

    [Fact]
    public async Task A_session_that_ends_ends_its_tries()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        SessionId session = _world.Records.FindWebhook(id)!.Delivery.Session;
        Start();
        await SentAsync(1);
        await _world.Time.HasTimersAsync(1);

        _world.Records.EndSession(session, SessionEndReason.Revoked, _world.Time.GetUtcNow());
        _world.Time.Advance(TimeSpan.FromSeconds(0.5));
        WebhookDeliveryId marker = _world.Queue(Url);
        await SentAsync(2);

        Assert.Equal([id, marker], _sent.Select(s => s.Request.Delivery));
    }

    [Fact]
    public async Task A_clock_that_was_set_back_while_the_daemon_was_away_holds_nothing_up()
    {
        WebhookDeliveryId id = _world.Queue(Url);
        _world.Records.BeginWebhookTry(id);
        _world.Records.EndWebhookTry(EndedTry.Of(id, 1, WebhookOutcome.TimedOut, _world.Time.GetUtcNow().AddDays(1), 0.5));

        Start();
        await _world.Time.HasTimersAsync(1);
        _world.Time.Advance(WebhookPace.Longest);

        await SentAsync(1);
    }

    private WebhookDeliverer Start()
    {
        WebhookDeliverer deliverer = new(
            _world.Records,
            (request, stop) =>
            {
                _sent.Enqueue((request, _world.Time.GetUtcNow()));
                return _answer(request, stop);
            },
            _world.Time, () => 0.5, NullLogger.Instance);
        _deliverers.Add(deliverer);
        deliverer.Start();
        return deliverer;
    }

    private async Task RestartAsync()
    {
        await _deliverers[^1].DisposeAsync();
        _deliverers.Clear();
        _world.Reopen();
        Start();
    }

    private async Task SentAsync(int count) => await UntilAsync(() => _sent.Count >= count, () => $"{_sent.Count} of {count} tries");

    private async Task FinalAsync(WebhookDeliveryId id, WebhookState state) =>
        await UntilAsync(() => _world.Records.FindWebhook(id)?.Delivery.State == state, () => $"{_world.Records.FindWebhook(id)?.Delivery}");

    private static async Task UntilAsync(Func<bool> holds, Func<string> what)
    {
        long begin = Environment.TickCount64;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 - begin < 10_000, what());
            await Task.Delay(1);
        }
    }
}
