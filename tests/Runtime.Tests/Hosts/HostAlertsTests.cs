using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Hosts;

/// <summary>Alerts about the host's memory.</summary>
public sealed class HostAlertsTests
{
    private const long Critical = 500;
    private const long High = 1000;

    private readonly ManualTime _time = new();
    private readonly List<WebhookRequest> _sent = [];
    private readonly HostAlerts _alerts;
    private readonly LiveOptions _options = new(new SleighOptions { Alerts = new AlertsOptions { WebhookUrl = new Uri("http://u:p@a.example/x?key=1") } });
    private Func<Task<WebhookOutcome>> _answer = () => Task.FromResult(WebhookOutcome.Answered(200));

    public HostAlertsTests() => _alerts = new HostAlerts(
        (request, _) =>
        {
            _sent.Add(request);
            return _answer();
        },
        _options, new Background(NullLogger.Instance), _time, NullLogger.Instance);

    [Fact]
    public async Task High_and_critical_are_told_each_once_in_sixty_seconds()
    {
        Assert.True((await TellAsync(High)).Dispatched);
        Assert.False((await TellAsync(High)).Dispatched);
        Assert.True((await TellAsync(Critical)).Dispatched);
        _time.Advance(TimeSpan.FromSeconds(59.999));
        Assert.False((await TellAsync(High)).Dispatched);
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.True((await TellAsync(High)).Dispatched);

        Assert.Equal(3, _sent.Count);
        Assert.Equal(new AlertResult("http://a.example/x?***", false, null), await TellAsync(High));
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(9000)]
    public async Task Lower_levels_are_told_nobody(long available)
    {
        Assert.Equal(new AlertResult("http://a.example/x?***", false, null), await TellAsync(available));
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task Without_the_setting_nobody_is_told()
    {
        _options.Replace(new SleighOptions());

        Assert.Equal(AlertResult.None, await TellAsync(Critical));
        Assert.Empty(_sent);
    }

    [Fact]
    public async Task An_alert_that_could_not_be_sent_says_so_and_is_sent_by_the_next_call()
    {
        _answer = () => Task.FromResult(WebhookOutcome.NotConnected("connection refused"));
        Assert.Equal(new AlertResult("http://a.example/x?***", false, "connection refused"), await TellAsync(Critical));

        _answer = () => Task.FromResult(WebhookOutcome.Answered(200));
        Assert.True((await TellAsync(Critical)).Dispatched);
    }

    [Fact]
    public async Task A_slow_receiver_holds_the_answer_up_for_a_moment_only()
    {
        TaskCompletionSource<WebhookOutcome> never = new();
        _answer = () => never.Task;

        Task<AlertResult> telling = TellAsync(Critical);
        await _time.HasTimersAsync(1);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new AlertResult("http://a.example/x?***", true, null), await telling.WaitAsync(TimeSpan.FromSeconds(10)));
        never.SetResult(WebhookOutcome.Answered(200));
    }

    [Fact]
    public async Task The_body_is_compact_with_sorted_keys()
    {
        await TellAsync(High);

        Assert.Equal(
            """{"payload":{"recommendations":["Lower the number of commands that run at once and watch memory pressure.","Delete sandboxes nobody has used for a long time."],"risk_level":"high","signals":["memory.available_ratio=0.1000","psi.some.avg10=0.0000","psi.full.avg10=0.0000"],"time":"2026-01-05T09:00:00Z"},"status":"alert"}""",
            Encoding.UTF8.GetString(Assert.Single(_sent).Body));
    }

    private Task<AlertResult> TellAsync(long available) => _alerts.TellAsync(OomDiagnosisTests.Diagnosis(available, 0, 0, _time.GetUtcNow()), CancellationToken.None);
}
