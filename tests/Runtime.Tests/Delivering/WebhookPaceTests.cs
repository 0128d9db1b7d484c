using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>When a delivery is tried again, and when it is over.</summary>
public sealed class WebhookPaceTests
{
    private static readonly double[] Contract = [0.5, 1.5, 4, 10];

    [Fact]
    [ContractLine("W2", Part = "distances")]
    public void Pauses_are_the_contracts_within_twenty_percent()
    {
        for (int attempt = 1; attempt <= 4; attempt++)
        {
            double seconds = Contract[attempt - 1];
            Assert.Equal(TimeSpan.FromSeconds(seconds), WebhookPace.After(attempt, 0.5));
            Assert.InRange(WebhookPace.After(attempt, 0)!.Value.TotalSeconds, seconds * 0.8, seconds);
            Assert.InRange(WebhookPace.After(attempt, 1)!.Value.TotalSeconds, seconds, seconds * 1.2);
        }

        Assert.Null(WebhookPace.After(5, 0.5));
    }

    [Theory]
    [InlineData(200, "Ok", "Delivered")]
    [InlineData(299, "Ok", "Delivered")]
    [InlineData(300, "Redirect", "Queued")]
    [InlineData(302, "Redirect", "Queued")]
    [InlineData(404, "Status", "Queued")]
    [InlineData(410, "Status", "Queued")]
    [InlineData(503, "Status", "Queued")]
    public void Only_2xx_is_success_and_all_else_is_tried_again_alike(int status, string kind, string state)
    {
        WebhookOutcome outcome = WebhookOutcome.Answered(status);
        EndedTry ended = EndedTry.Of(WebhookDeliveryId.New(), 1, outcome, DateTimeOffset.UnixEpoch, 0.5);

        Assert.Equal((kind, status, state), (outcome.Kind.ToString(), outcome.Status, ended.State.ToString()));
        Assert.Equal(state == "Queued" ? TimeSpan.FromSeconds(0.5) : null, ended.Pause);
    }

    [Fact]
    public void The_last_try_and_a_blocked_address_are_the_end()
    {
        WebhookDeliveryId id = WebhookDeliveryId.New();

        Assert.Equal((WebhookState.Failed, null), End(5, WebhookOutcome.TimedOut));
        Assert.Equal((WebhookState.Failed, null), End(5, WebhookOutcome.CutOff));
        Assert.Equal((WebhookState.Failed, null), End(1, WebhookOutcome.Blocked("x")));
        Assert.Equal((WebhookState.Delivered, null), End(5, WebhookOutcome.Answered(204)));
        Assert.Equal((WebhookState.Queued, TimeSpan.FromSeconds(10)), End(4, WebhookOutcome.NotConnected("x")));

        (WebhookState, TimeSpan?) End(int attempt, WebhookOutcome outcome)
        {
            EndedTry ended = EndedTry.Of(id, attempt, outcome, DateTimeOffset.UnixEpoch, 0.5);
            return (ended.State, ended.Pause);
        }
    }

    [Fact]
    public void The_reasons_are_sentences_without_an_address() => Assert.Equal<string?[]>(
        ["answered with status 302; redirects are not followed", "answered with status 500", "no answer within 8 s", "the daemon ended during this try"],
        [WebhookOutcome.Answered(302).Error, WebhookOutcome.Answered(500).Error, WebhookOutcome.TimedOut.Error, WebhookOutcome.CutOff.Error]);
}
