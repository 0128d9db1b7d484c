namespace Sleigh.Api.Tests;

/// <summary><c>/admin/config/reload</c>, and what a reload changes for the next request.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public async Task A_reload_names_what_changed_and_what_needs_a_restart()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Configuration.Result = new ReloadResult(["log.level", "pool.size"], ["http.listen"], []);

        Answer reloaded = await api.SendAsync("POST", "/admin/config/reload");

        Assert.Equal((200, """{"changed":["log.level","pool.size"],"restart_needed":["http.listen"]}"""), (reloaded.Status, reloaded.Body));
        Assert.Equal(1, api.Configuration.Reloads);
    }

    [Fact]
    public async Task A_refused_reload_is_400_with_all_errors()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Configuration.Result = new ReloadResult([], [], ["/x/sleigh.yaml:3: there is no key htp; the nearest is http", "pool.size is -1"]);

        Answer refused = await api.SendAsync("POST", "/admin/config/reload");

        refused.Is(
            400,
            "configuration_refused",
            "reload refused: /x/sleigh.yaml:3: there is no key htp; the nearest is http, and 1 more; the old configuration is in force");
        Assert.Equal(
            ["/x/sleigh.yaml:3: there is no key htp; the nearest is http", "pool.size is -1"],
            refused.Root.GetProperty("details").GetProperty("errors").EnumerateArray().Select(e => e.GetString()));
    }

    [Fact]
    public async Task Status_shows_why_the_last_reload_was_refused_and_what_waits_for_a_restart()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Configuration.State = new ConfigurationState(DateTimeOffset.UnixEpoch, "reload refused: x; the old configuration is in force", ["data_dir"]);

        Answer status = await api.SendAsync("GET", "/admin/status");

        Assert.Equal(
            """{"loaded_at":"1970-01-01T00:00:00.000Z","refused":"reload refused: x; the old configuration is in force","restart_needed":["data_dir"]}""",
            status.Root.GetProperty("configuration").GetRawText());
    }

    [Fact]
    public async Task A_new_api_key_is_asked_for_at_once()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "old" } });
        Assert.Equal(201, (await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "Bearer old"))).Status);

        api.Options.Replace(api.Options.Now with { Http = api.Options.Now.Http with { ApiKey = "new" } });

        (await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "Bearer old"))).Is(401, "api_key_required");
        Assert.Equal(201, (await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "Bearer new"))).Status);
    }

    [Fact]
    public async Task New_hosts_and_origins_are_let_in_and_old_ones_are_not()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { AllowedHosts = ["old.example"], AllowedOrigins = ["http://old.example"] } });

        api.Options.Replace(api.Options.Now with { Http = api.Options.Now.Http with { AllowedHosts = ["new.example"], AllowedOrigins = ["http://new.example"] } });

        (await api.SendAsync("GET", "/healthz", null, null, ("Host", "old.example"))).Is(403, "host_not_allowed");
        Assert.Equal(200, (await api.SendAsync("GET", "/healthz", null, null, ("Host", "new.example"))).Status);
        (await api.SendAsync("GET", "/healthz", null, null, ("Origin", "http://old.example"))).Is(403, "host_not_allowed");
        Assert.Equal(200, (await api.SendAsync("GET", "/healthz", null, null, ("Origin", "http://new.example"))).Status);
    }

    [Fact]
    public async Task A_new_body_limit_holds_at_once()
    {
        await using TestApi api = await TestApi.StartAsync();
        string body = $$"""{"name":"{{new string('x', 3000)}}"}""";

        api.Options.Replace(api.Options.Now with { Http = api.Options.Now.Http with { MaxBodyBytes = 1024 } });

        (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Is(413, "payload_too_large");
    }

    [Fact]
    public async Task A_new_most_of_forks_holds_at_once()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        api.Options.Replace(api.Options.Now with { Sandbox = api.Options.Now.Sandbox with { MaxForkCount = 2 } });

        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", """{"count":3}""", token)).Is(400, "invalid_argument", "bad request: count must be 1 to 2");
    }
}
