using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Tests.Images;
using Sleigh.TestSupport.Http;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>One try over real sockets on loopback.</summary>
public sealed class WebhookSenderTests : IDisposable
{
    private static readonly byte[] Body = "{\"a\":1}"u8.ToArray();

    private readonly ManualTime _time = new();
    private readonly LiveOptions _options = new(new SleighOptions());
    private readonly WebhookSender _sender;
    private IPAddress[] _addresses = [IPAddress.Loopback];
    private string _asked = "";

    public WebhookSenderTests() => _sender = new WebhookSender(_options, () => "key", _time, (name, _) =>
    {
        _asked = name;
        return Task.FromResult(_addresses);
    });

    public void Dispose() => _sender.Dispose();

    [Fact]
    public async Task A_receiver_gets_the_body_its_signature_and_the_headers_of_the_contract()
    {
        await using HttpReceiver receiver = new(_ => 200);

        WebhookOutcome outcome = await SendAsync($"{receiver.Url}/hook?a=1#f", attempt: 3);

        Assert.Equal(WebhookOutcome.Answered(200), outcome);
        ReceivedRequest request = Assert.Single(receiver.Received);
        Assert.Equal(("POST /hook?a=1 HTTP/1.1", Encoding.UTF8.GetString(Body)), (request.Line, Encoding.UTF8.GetString(request.Body)));
        string stamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        string signature = "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("key"u8, [.. Encoding.ASCII.GetBytes(stamp + "."), .. Body]));
        Assert.Equal(
            ("application/json", stamp, signature, "whd_000000000001", "3"),
            (request.Headers["content-type"], request.Headers["x-timestamp"], request.Headers["x-signature"], request.Headers["x-delivery-id"], request.Headers["x-delivery-attempt"]));
        Assert.Equal(
            ["connection", "content-length", "content-type", "host", "user-agent", "x-delivery-attempt", "x-delivery-id", "x-signature", "x-timestamp"],
            request.Headers.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using HttpReceiver target = new(_ => 200);
        await using HttpReceiver receiver = new(_ => $"HTTP/1.1 307 X\r\nLocation: {target.Url}/\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(WebhookOutcome.Answered(307), await SendAsync(receiver.Url));
        Assert.Equal((1, 0), (receiver.Connections, target.Connections));
    }

    [Fact]
    public async Task Each_try_has_a_connection_of_its_own_and_no_cookies()
    {
        await using HttpReceiver receiver = new(_ => "HTTP/1.1 200 X\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n");

        await SendAsync(receiver.Url);
        await SendAsync(receiver.Url);

        Assert.Equal(2, receiver.Connections);
        Assert.DoesNotContain(receiver.Received, r => r.Headers.ContainsKey("cookie"));
    }

    [Fact]
    public async Task An_answer_without_end_is_not_waited_for()
    {
        await using HttpReceiver receiver = new(_ => "HTTP/1.1 200 X\r\nContent-Length: 1000000000000\r\n\r\nbegins");

        Assert.True((await SendAsync(receiver.Url).WaitAsync(TimeSpan.FromSeconds(10))).Taken);
    }

    [Fact]
    public async Task No_answer_ends_after_eight_seconds()
    {
        await using HttpReceiver receiver = new(_ => (int?)null);

        Task<WebhookOutcome> trying = SendAsync(receiver.Url);
        await receiver.WaitAsync(1);
        _time.Advance(TimeSpan.FromSeconds(8) - TimeSpan.FromMilliseconds(1));
        Assert.False(trying.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(WebhookOutcome.TimedOut, await trying.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_stop_cuts_a_try_off()
    {
        await using HttpReceiver receiver = new(_ => (int?)null);
        using CancellationTokenSource stop = new();

        Task<WebhookOutcome> trying = _sender.SendAsync(new WebhookRequest(WebhookDeliveryId.New(), 1, receiver.Url, Body), stop.Token);
        await receiver.WaitAsync(1);
        await stop.CancelAsync();

        Assert.Equal(WebhookOutcome.CutOff, await trying.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_blocked_address_is_never_connected_to_whatever_name_leads_to_it()
    {
        IPAddress alias = IPAddress.Parse("127.0.0.2");
        await using HttpReceiver blocked = new(_ => 200, alias);
        await using HttpReceiver allowed = new(_ => 200, port: blocked.Port);
        Block("127.0.0.2/32");

        WebhookOutcome literal = await SendAsync(blocked.Url);
        _addresses = [IPAddress.Loopback, alias];
        WebhookOutcome second = await SendAsync($"http://both.example:{blocked.Port}/");
        _addresses = [alias.MapToIPv6()];
        WebhookOutcome mapped = await SendAsync($"http://mapped.example:{blocked.Port}/");

        Assert.All([literal, second], o => Assert.Equal(WebhookOutcome.Blocked("127.0.0.2 lies in a blocked network"), o));
        Assert.Equal(WebhookOutcome.Blocked("::ffff:127.0.0.2 lies in a blocked network"), mapped);
        Assert.Equal(("mapped.example", 0, 0), (_asked, blocked.Connections, allowed.Connections));
    }

    [Fact]
    public async Task A_change_of_the_blocked_networks_holds_from_the_next_try_on()
    {
        await using HttpReceiver receiver = new(_ => 200);

        Assert.True((await SendAsync(receiver.Url)).Taken);
        Block("127.0.0.0/8");

        Assert.Equal(WebhookOutcomeKind.Blocked, (await SendAsync(receiver.Url)).Kind);
        Assert.Equal(1, receiver.Connections);
    }

    [Fact]
    public async Task The_daemon_itself_is_no_receiver()
    {
        await using HttpReceiver daemon = new(_ => 200);
        _options.Replace(_options.Now with { Http = _options.Now.Http with { Listen = new IPEndPoint(IPAddress.Any, daemon.Port) } });

        Assert.Equal(WebhookOutcome.Blocked("127.0.0.1 is the daemon itself"), await SendAsync(daemon.Url));
        Assert.Equal(0, daemon.Connections);
    }

    [Fact]
    public async Task Of_several_addresses_the_first_that_takes_the_connection_is_used()
    {
        await using HttpReceiver receiver = new(_ => 200);
        _addresses = [IPAddress.Parse("127.0.0.3"), IPAddress.Loopback];

        Assert.True((await SendAsync($"http://two.example:{receiver.Port}/")).Taken);
        Assert.Equal("two.example", receiver.Received[0].Headers["host"].Split(':')[0]);
    }

    [Fact]
    public async Task A_name_is_looked_up_by_the_system()
    {
        await using HttpReceiver receiver = new(_ => 200);
        using WebhookSender sender = new(_options, () => "key", TimeProvider.System);

        WebhookOutcome outcome = await sender.SendAsync(new WebhookRequest(WebhookDeliveryId.New(), 1, $"http://localhost:{receiver.Port}/", Body), CancellationToken.None);

        Assert.True(outcome.Taken, outcome.Error);
    }

    [Fact]
    public async Task What_stands_in_the_way_is_said_in_words()
    {
        await using HttpReceiver wrong = new(_ => "SSH-2.0-x\r\n");
        await using HttpReceiver plain = new(_ => "HTTP/1.1 200 X\r\n\r\n");
        await using HttpReceiver gone = new(_ => 200);
        string refused = gone.Url;
        await gone.DisposeAsync();

        Assert.Equal(WebhookOutcome.NotConnected("connection refused"), await SendAsync(refused));
        Assert.Equal(WebhookOutcome.NotConnected("the connection ended without an HTTP answer"), await SendAsync(wrong.Url));
        WebhookOutcome tls = await SendAsync(plain.Url.Replace("http:", "https:", StringComparison.Ordinal)).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((WebhookOutcomeKind.NoConnection, "TLS"), (tls.Kind, Assert.Single(plain.Received).Line));
        Assert.StartsWith("no TLS: ", tls.Error, StringComparison.Ordinal);
        _addresses = [];
        Assert.Equal(WebhookOutcome.NotConnected("the name has no address"), await SendAsync("http://none.example/"));
    }

    private Task<WebhookOutcome> SendAsync(string url, int attempt = 1) =>
        _sender.SendAsync(new WebhookRequest(WebhookDeliveryId.Parse("whd_000000000001"), attempt, url, Body), CancellationToken.None);

    private void Block(params string[] networks) => _options.Replace(_options.Now with
    {
        Webhooks = _options.Now.Webhooks with { BlockedNetworks = [.. networks.Select(n => IPNetwork.Parse(n))] },
    });
}
