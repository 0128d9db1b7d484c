namespace Sleigh.Cli.Tests;

public sealed class PortCommandTests
{
    private const string Id = "sbx_0123456789ab";
    private const string One = $$"""{"port":8080,"status":"listening","path":"/sandboxes/{{Id}}/ports/8080/","tcp":"127.0.0.1:30000"}""";

    [Fact]
    public async Task Ports_are_listed_with_their_status_and_how_they_are_reached()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, $$"""{"items":[{{One}},{"port":9,"status":"waiting","path":"/x","host":"9-sbx-0123456789ab.localhost","tcp":"127.0.0.1:30001","tcp_error":"in use"}]}"""));

        CliRun run = await CliRun.OfAsync(["ports", "list", Id], server.SocketPath);

        Assert.Equal((0, ""), (run.ExitCode, run.Stderr));
        Assert.Equal($"/sandboxes/{Id}/ports", Assert.Single(server.Requests).Target);
        Assert.Matches($@"\APORT +STATUS +TCP +AT\n8080 +listening +127\.0\.0\.1:30000 +/sandboxes/{Id}/ports/8080/\n +9 +waiting +in use +9-sbx-0123456789ab\.localhost\n\z", run.Stdout);
        Assert.Equal("8080\n9\n", (await CliRun.OfAsync(["ports", "list", Id, "-q"], server.SocketPath)).Stdout);
    }

    [Theory]
    [InlineData("{}", "ports", "add", Id, "8080")]
    [InlineData("""{"listen":true}""", "ports", "add", Id, "8080", "--listen")]
    [InlineData("""{"listen":false}""", "ports", "add", Id, "8080", "--listen", "false")]
    public async Task A_port_is_declared(string body, params string[] arguments)
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, One));

        Assert.Equal(0, (await CliRun.OfAsync(arguments, server.SocketPath)).ExitCode);
        Assert.Equal(("PUT", $"/sandboxes/{Id}/ports/8080", body), (server.Requests[0].Method, server.Requests[0].Target, server.Requests[0].Text));
    }

    [Fact]
    public async Task A_port_is_taken_back()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(204, ""));

        Assert.Equal(0, (await CliRun.OfAsync(["ports", "rm", Id, "8080"], server.SocketPath)).ExitCode);
        Assert.Equal(("DELETE", $"/sandboxes/{Id}/ports/8080"), (server.Requests[0].Method, server.Requests[0].Target));
    }

    [Fact]
    public async Task A_wait_asks_again_until_its_time_is_over()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, One.Replace("listening", "waiting", StringComparison.Ordinal)));

        Assert.Equal(1, (await CliRun.OfAsync(["ports", "wait", Id, "8080", "--timeout", "310"], server.SocketPath)).ExitCode);
        Assert.Equal(
            [$"/sandboxes/{Id}/ports/8080?wait=listening&timeout_seconds=300", $"/sandboxes/{Id}/ports/8080?wait=listening&timeout_seconds=10"],
            server.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task A_wait_ends_well_with_a_server_that_listens()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, One));

        Assert.Equal(0, (await CliRun.OfAsync(["ports", "wait", Id, "8080"], server.SocketPath)).ExitCode);
        Assert.Equal($"/sandboxes/{Id}/ports/8080?wait=listening&timeout_seconds=20", Assert.Single(server.Requests).Target);
    }

    [Fact]
    public async Task A_link_is_printed_alone_so_that_a_script_can_take_it()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            201, """{"port":8080,"url":"http://127.0.0.1:10122/x?sleigh_link=1.y","expires_at":"2026-01-05T09:00:00.000Z"}"""));

        CliRun run = await CliRun.OfAsync(["ports", "link", Id, "8080", "--expires", "60", "--path", "/a?b"], server.SocketPath);

        Assert.Equal((0, "http://127.0.0.1:10122/x?sleigh_link=1.y\n"), (run.ExitCode, run.Stdout));
        Assert.Contains("good until 2026-01-05T09:00:00.000Z", run.Stderr, StringComparison.Ordinal);
        Assert.Equal("""{"port":8080,"expires_in_seconds":60,"path":"/a?b"}""", server.Requests[0].Text);
    }
}
