using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>The endpoints of ports and links.</summary>
public sealed class PortTests
{
    [Fact]
    public async Task Ports_are_declared_listed_and_taken_back()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Ingress = o.Ingress with { Domain = "boxes.example" } });
        (string token, string sandbox) = await api.SandboxAsync();
        string ports = $"/sandboxes/{sandbox}/ports";

        Assert.Equal("""{"items":[]}""", (await api.SendAsync("GET", ports, null, token)).Body);
        string plain = $$"""{"port":80,"status":"waiting","path":"{{ports}}/80/","host":"80-{{sandbox.Replace('_', '-')}}.boxes.example"}""";
        Assert.Equal(plain, (await api.SendAsync("PUT", $"{ports}/80", null, token)).Body);
        Assert.Null(api.Ports.Listen);
        Answer listening = await api.SendAsync("PUT", $"{ports}/8080", """{"listen":true}""", token);
        Assert.Equal("127.0.0.1:30000", listening.Text("tcp"));
        Assert.Equal($$"""{"items":[{{plain}},{{listening.Body}}]}""", (await api.SendAsync("GET", ports, null, token)).Body);
        Assert.Equal(204, (await api.SendAsync("DELETE", $"{ports}/80", null, token)).Status);
        (await api.SendAsync("GET", $"{ports}/80", null, token)).Is(404, "not_found", $"resource not found: port 80 of sandbox {sandbox}");
        (await api.SendAsync("DELETE", $"{ports}/80", null, token)).Is(404, "not_found");
        (await api.SendAsync("GET", $"{ports}/0", null, token)).Is(400, "invalid_argument", "bad request: port must be a port number, 1 to 65535");
    }

    [Theory]
    [InlineData("wait=listening", 20)]
    [InlineData("wait=listening&timeout_seconds=0", 0)]
    [InlineData("wait=listening&timeout_seconds=300", 300)]
    [InlineData("timeout_seconds=5", null)]
    public async Task A_call_may_wait_for_the_server(string query, int? seconds)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Ports.Put(SandboxId.Parse(sandbox), 80, null);

        Assert.Equal("waiting", (await api.SendAsync("GET", $"/sandboxes/{sandbox}/ports/80?{query}", null, token)).Text("status"));
        Assert.Equal(seconds, api.Ports.Waited?.TotalSeconds);
    }

    [Theory]
    [InlineData("wait=refused", "wait")]
    [InlineData("wait=listening&timeout_seconds=301", "timeout_seconds")]
    [InlineData("wait=listening&timeout_seconds=-1", "timeout_seconds")]
    [InlineData("wait=listening&timeout_seconds=1.5", "timeout_seconds")]
    public async Task A_wait_that_is_none_is_refused(string query, string field)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(field, (await api.SendAsync("GET", $"/sandboxes/{sandbox}/ports/80?{query}", null, token)).Is(400, "invalid_argument").Detail("field"));
    }

    [Theory]
    [InlineData("{}", "port", "bad_request")]
    [InlineData("""{"port":65536}""", "port", "invalid_argument")]
    [InlineData("""{"port":80,"expires_in_seconds":0}""", "expires_in_seconds", "invalid_argument")]
    [InlineData("""{"port":80,"expires_in_seconds":2592001}""", "expires_in_seconds", "invalid_argument")]
    [InlineData("""{"port":80,"path":"x"}""", "path", "invalid_argument")]
    [InlineData("""{"port":80,"path":"/\r\nX: y"}""", "path", "invalid_argument")]
    [InlineData("""{"port":80,"path":"/#x"}""", "path", "invalid_argument")]
    public async Task A_link_that_cannot_be_is_refused(string body, string field, string code)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Ports.Put(SandboxId.Parse(sandbox), 80, null);

        Assert.Equal(field, (await api.SendAsync("POST", $"/sandboxes/{sandbox}/links", body, token)).Is(400, code).Detail("field"));
    }

    [Fact]
    public async Task A_link_needs_a_declared_port()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/links", """{"port":80}""", token)).Is(404, "not_found", $"resource not found: port 80 of sandbox {sandbox}");
    }

    [Theory]
    [InlineData("[80,8080,80]", "80 8080")]
    [InlineData("[]", "")]
    [InlineData("null", "")]
    public async Task A_create_may_declare_ports(string sent, string ports)
    {
        await using TestApi api = await TestApi.StartAsync();

        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", $$"""{"ports":{{sent}}}""", api.Token())).Status);
        Assert.Equal(ports, string.Join(' ', api.Sandboxes.LastSpec!.Ports));
    }

    [Theory]
    [InlineData("[0]", "ports[0]")]
    [InlineData("[80,65536]", "ports[1]")]
    public async Task A_create_with_what_is_no_port_is_refused(string sent, string field)
    {
        await using TestApi api = await TestApi.StartAsync();

        Assert.Equal(field, (await api.SendAsync("POST", "/sandboxes", $$"""{"ports":{{sent}}}""", api.Token())).Is(400, "invalid_argument").Detail("field"));
    }

    [Fact]
    public async Task A_create_takes_only_so_many_and_only_numbers()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", $$"""{"ports":[{{string.Join(',', Enumerable.Range(1, 64))}}]}""", token)).Status);
        (await api.SendAsync("POST", "/sandboxes", $$"""{"ports":[{{string.Join(',', Enumerable.Range(1, 65))}}]}""", token))
            .Is(400, "invalid_argument", "bad request: ports may hold at most 64 ports");
        (await api.SendAsync("POST", "/sandboxes", """{"ports":["80"]}""", token)).Is(400, "invalid_json", "invalid json: field ports must be an array of integers");
        (await api.SendAsync("POST", "/sandboxes", """{"ports":[80.5]}""", token)).Is(400, "invalid_json");
    }
}
