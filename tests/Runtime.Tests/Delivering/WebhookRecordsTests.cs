using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>Subscriptions and deliveries in the records.</summary>
public sealed class WebhookRecordsTests : IDisposable
{
    private const string Url = "http://h.example/x?k=1";

    private readonly WebhookStore _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public void A_subscription_before_the_end_is_delivered_by_the_end_and_once()
    {
        Exec exec = _world.Start("false");

        Assert.Equal(new WebhookSubscribed(true, false, ExecStatus.Running), _world.Records.SubscribeWebhook(exec.Id, Url));
        Assert.Equal(new WebhookSubscribed(false, false, ExecStatus.Running), _world.Records.SubscribeWebhook(exec.Id, Url));
        Assert.Empty(_world.Told);
        _world.Finish(exec);
        _world.Finish(exec);

        Assert.Equal(new WebhookSubscribed(false, false, ExecStatus.Failed), _world.Records.SubscribeWebhook(exec.Id, Url));
        QueuedWebhook queued = Assert.Single(_world.Told);
        Assert.Equal((queued.Id, Url, _world.Time.GetUtcNow()), (Assert.Single(_world.Records.ReadQueuedWebhooks()).Id, queued.Url, queued.Next));
        WebhookLog log = _world.Records.FindWebhook(queued.Id)!;
        Assert.Equal((exec.Session, exec.Sandbox, exec.Id, WebhookState.Queued, 0), (log.Delivery.Session, log.Delivery.Sandbox, log.Delivery.Exec, log.Delivery.State, log.Delivery.Attempts));
        JsonNode body = JsonNode.Parse(log.Body)!;
        Assert.Equal(("err", "false", "failed"), ((string)body["status"]!, (string)body["payload"]!["command"]!, (string)body["payload"]!["exec_status"]!));
    }

    [Fact]
    public void A_subscription_after_the_end_is_delivered_at_once_and_once_for_each_URL()
    {
        Exec exec = _world.Start("false");
        _world.Finish(exec);

        Assert.Equal(new WebhookSubscribed(true, true, ExecStatus.Failed), _world.Records.SubscribeWebhook(exec.Id, Url));
        Assert.Equal(new WebhookSubscribed(false, false, ExecStatus.Failed), _world.Records.SubscribeWebhook(exec.Id, Url));
        Assert.Equal(new WebhookSubscribed(true, true, ExecStatus.Failed), _world.Records.SubscribeWebhook(exec.Id, Url + "2"));

        Assert.Equal([Url, Url + "2"], _world.Told.Select(q => q.Url));
        Assert.Single(_world.Told.Select(q => _world.Records.FindWebhook(q.Id)!.Body).Distinct());
    }

    [Fact]
    public void A_webhook_that_comes_with_the_command_is_there_before_it_starts()
    {
        Exec exec = _world.Start("true", Url);

        Assert.False(_world.Records.SubscribeWebhook(exec.Id, Url).Created);
        _world.Reopen();
        _world.Finish(exec);

        Assert.Equal(Url, Assert.Single(_world.Told).Url);
    }

    [Fact]
    public void A_command_whose_rollback_is_still_to_come_has_not_ended()
    {
        Exec exec = _world.Start("true", Url);
        Exec killed = exec with { Status = ExecStatus.Failed, ExitCode = 137, Completed = exec.Started, Oom = new OomReport(true, 1, 1, 0, "a") };
        _world.Records.HoldExec(killed, ExecStatus.Running, new OomIntent("lyr-0123456789ab", SnapshotId.New(), ExecStatus.Failed));

        Assert.Equal(new WebhookSubscribed(true, false, ExecStatus.Running), _world.Records.SubscribeWebhook(exec.Id, Url + "2"));
        Assert.Empty(_world.Told);
        _world.Records.FinishExec(killed, oomTold: true);

        Assert.Equal(2, _world.Told.Count);
    }

    [Fact]
    public void An_exec_that_is_not_there_cannot_be_subscribed_to()
    {
        ExecId none = ExecId.New();

        RuntimeException e = Assert.Throws<RuntimeException>(() => _world.Records.SubscribeWebhook(none, Url));

        Assert.Equal((ErrorKind.NotFound, $"resource not found: exec {none}"), (e.Kind, e.Message));
    }

    [Fact]
    public void The_end_of_a_session_takes_all_that_waits_and_lets_nothing_new_in()
    {
        Exec waits = _world.Start("true", Url);
        Exec open = _world.Start("true", Url, waits.Session);
        Exec stays = _world.Start("true", Url);
        _world.Finish(waits);
        _world.Finish(stays);
        WebhookDeliveryId under = _world.Told[0].Id;
        WebhookRequest request = _world.Records.BeginWebhookTry(under)!;

        _world.Records.EndSession(waits.Session, SessionEndReason.Revoked, _world.Time.GetUtcNow());

        Assert.Null(_world.Records.EndWebhookTry(EndedTry.Of(under, request.Attempt, WebhookOutcome.Answered(200), _world.Time.GetUtcNow(), 0.5)));
        _world.Finish(open);
        Assert.Throws<RuntimeException>(() => _world.Records.SubscribeWebhook(open.Id, Url + "2"));
        Exec late = _world.Start("true", Url, waits.Session);
        _world.Finish(late);
        Assert.Equal([stays.Id], _world.Records.ListWebhooks(null, 10).Select(d => d.Exec));
        Assert.Null(_world.Records.BeginWebhookTry(under));
        Assert.DoesNotContain(_world.Records.ReadEvents(waits.Session, 0, 100), e => e.Type.StartsWith("webhook.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_is_shown_by_its_delivery_and_by_nothing_else()
    {
        const string secret = "echo swordfish";
        Exec exec = _world.Start(secret, Url);
        _world.Finish(exec);

        Assert.Contains(secret, _world.Records.FindWebhook(_world.Told[0].Id)!.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("swordfish", $"{_world.Records.FindExec(exec.Id)} {string.Join(' ', _world.Records.ListExecs(null, null, 10, null))}", StringComparison.Ordinal);
        Assert.DoesNotContain("swordfish", string.Join(' ', _world.Records.ReadEvents(null, 0, 100)), StringComparison.Ordinal);
        Assert.DoesNotContain("swordfish", string.Join(' ', _world.Records.ListWebhooks(null, 10)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_final_delivery_is_told_as_an_event_without_the_query()
    {
        Exec exec = _world.Start("true", Url);
        _world.Finish(exec);
        WebhookDeliveryId id = _world.Told[0].Id;
        WebhookRequest request = _world.Records.BeginWebhookTry(id)!;
        _world.Records.EndWebhookTry(EndedTry.Of(id, request.Attempt, WebhookOutcome.Answered(500), _world.Time.GetUtcNow(), 0.5));
        request = _world.Records.BeginWebhookTry(id)!;
        _world.Records.EndWebhookTry(EndedTry.Of(id, request.Attempt, WebhookOutcome.Answered(204), _world.Time.GetUtcNow(), 0.5));

        SessionEvent told = Assert.Single(_world.Records.ReadEvents(exec.Session, 0, 100), e => e.Type.StartsWith("webhook.", StringComparison.Ordinal));

        Assert.Equal((EventTypes.WebhookDelivered, exec.Sandbox, exec.Id), (told.Type, told.Sandbox, told.Exec));
        Assert.Equal(new WebhookFacts(id.ToString(), "http://h.example/x?***", 2, 204, null), told.Data.Webhook);
        Assert.Null(_world.Records.BeginWebhookTry(id));
        Assert.Equal(0, _world.Records.CountQueuedWebhooks());
    }

    [Fact]
    public void Only_a_failed_one_is_sent_again_with_all_its_tries_and_the_same_body()
    {
        Exec exec = _world.Start("true", Url);
        _world.Finish(exec);
        WebhookDeliveryId id = _world.Told[0].Id;
        Webhooks webhooks = new(_world.Records, new Options.LiveOptions(new Options.SleighOptions()));
        RuntimeException waits = Assert.Throws<RuntimeException>(() => webhooks.Retry(id));
        byte[] body = _world.Records.BeginWebhookTry(id)!.Body;
        _world.Records.EndWebhookTry(EndedTry.Of(id, 1, WebhookOutcome.Blocked("10.0.0.1 lies in a blocked network"), _world.Time.GetUtcNow(), 0.5));

        WebhookDelivery again = webhooks.Retry(id);

        Assert.Equal((WebhookState.Queued, 0, null, _world.Time.GetUtcNow()), (again.State, again.Attempts, again.Completed, again.Next));
        WebhookRequest request = _world.Records.BeginWebhookTry(id)!;
        Assert.Equal((1, Encoding.UTF8.GetString(body)), (request.Attempt, Encoding.UTF8.GetString(request.Body)));
        Assert.Equal([1, 1], _world.Records.FindWebhook(id)!.Tries.Select(t => t.Attempt));
        Assert.Equal(
            (ErrorKind.InvalidArgument, $"bad request: webhook delivery {id} is queued; only one that has failed is sent again"), (waits.Kind, waits.Message));
        Assert.Equal(ErrorKind.NotFound, Assert.Throws<RuntimeException>(() => webhooks.Retry(WebhookDeliveryId.New())).Kind);
    }

    [Fact]
    public void Old_final_deliveries_are_forgotten_and_what_waits_is_not()
    {
        Exec old = _world.Start("true", Url);
        Exec waits = _world.Start("true", Url);
        _world.Finish(old);
        _world.Finish(waits);
        WebhookDeliveryId id = _world.Told[0].Id;
        _world.Records.BeginWebhookTry(id);
        _world.Records.EndWebhookTry(EndedTry.Of(id, 1, WebhookOutcome.Answered(200), _world.Time.GetUtcNow(), 0.5));

        Assert.Equal(0, _world.Records.PruneWebhooks(_world.Time.GetUtcNow()));
        Assert.Equal(1, _world.Records.PruneWebhooks(_world.Time.GetUtcNow().AddSeconds(1)));

        Assert.Equal([waits.Id], _world.Records.ListWebhooks(null, 10).Select(d => d.Exec));
        Assert.Null(_world.Records.FindWebhook(id));

        // The command is kept: a second subscription is still a second one. What waits is sent although its command is forgotten.
        Assert.False(_world.Records.SubscribeWebhook(old.Id, Url).Created);
        _world.Records.RemoveExecs([waits.Id]);
        Assert.NotNull(_world.Records.BeginWebhookTry(_world.Told[1].Id));
    }

    [Fact]
    public void The_key_is_the_setting_without_white_space_or_one_that_is_made_once()
    {
        Options.SleighOptions options = new();
        Webhooks made = new(_world.Records, new Options.LiveOptions(options));
        string first = made.Secret;
        _world.Reopen();

        Assert.Matches("^[0-9a-f]{64}$", first);
        Assert.Equal(first, new Webhooks(_world.Records, new Options.LiveOptions(options)).Secret);
        Assert.Equal("s", new Webhooks(_world.Records, new Options.LiveOptions(options with { Webhooks = new() { HmacSecret = " s\n" } })).Secret);
    }
}
