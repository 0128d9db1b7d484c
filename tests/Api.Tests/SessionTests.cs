using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Section 2 of the contract, endpoints 2 and 32.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task A_session_is_shown_by_its_id_and_by_its_token_and_never_with_the_token()
    {
        await using TestApi api = await TestApi.StartAsync();
        Answer issued = await api.SendAsync("POST", "/sessions/token");
        string token = issued.Text("session_token");
        Answer made = await api.SendAsync("POST", "/sandboxes", "{}", token);
        await api.SendAsync("POST", $"/sandboxes/{made.Text("sandbox_id")}/exec", """{"command":"sleep"}""", token);

        Answer byId = await api.SendAsync("GET", $"/sessions/{issued.Text("session_id")}", null, token);
        Answer byToken = await api.SendAsync("GET", $"/sessions/{token}?session_token={token}");

        Assert.Equal(
            $$"""{"session_id":"{{issued.Text("session_id")}}","created_at":"2026-01-05T09:00:01.120Z","last_used_at":"2026-01-05T09:00:01.120Z","expires_at":"2026-01-19T09:00:01.120Z","idle_ttl_seconds":1209600,"sandboxes":1,"running_execs":1}""",
            byId.Body);
        Assert.Equal(byId.Body, byToken.Body);
    }

    [Fact]
    public async Task Another_session_in_the_path_is_403_and_the_value_is_not_repeated()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        string other = api.Token();

        foreach (string path in new[] { other, api.Sessions.Authenticate(other)!.Id.ToString(), "nonsense" })
        {
            Answer answer = await api.SendAsync("GET", $"/sessions/{path}", null, token);
            answer.Is(403, "forbidden", "forbidden: the path names another session");
            Assert.DoesNotContain(path, answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_session_is_deleted_by_its_id_or_its_token_and_the_token_is_of_no_use_afterwards()
    {
        await using TestApi api = await TestApi.StartAsync();
        string first = api.Token();
        string second = api.Token();
        SessionId id = api.Sessions.Authenticate(first)!.Id;
        string other = api.Sessions.Authenticate(second)!.Id.ToString();

        (await api.SendAsync("DELETE", $"/sessions/{other}", null, first)).Is(403, "forbidden", "forbidden: the path names another session");
        Answer byId = await api.SendAsync("DELETE", $"/sessions/{id}", null, first);
        Answer byToken = await api.SendAsync("DELETE", $"/sessions/{second}?session_token={second}");

        Assert.Equal((204, ""), (byId.Status, byId.Body));
        Assert.Equal(204, byToken.Status);
        Assert.Equal([id.ToString(), other], api.Sessions.Ended.Select(s => s.ToString()));
        (await api.SendAsync("DELETE", $"/sessions/{id}", null, first)).Is(401, "unauthenticated");
        (await api.SendAsync("GET", "/sandboxes", null, second)).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task The_api_key_deletes_any_session_by_its_id_but_the_administrators()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k" } });
        string token = api.Token();
        SessionId id = api.Sessions.Authenticate(token)!.Id;
        (string, string) key = ("Authorization", "Bearer k");

        (await api.SendAsync("DELETE", $"/sessions/{id}", null, null, ("Authorization", "Bearer wrong"))).Is(401, "api_key_required");
        (await api.SendAsync("DELETE", $"/sessions/{id}")).Is(400, "session_token_required");
        (await api.SendAsync("DELETE", "/sessions/sid_00000000ffff", null, null, key)).Is(404, "not_found", "resource not found: session sid_00000000ffff");
        Answer byToken = await api.SendAsync("DELETE", $"/sessions/{token}", null, null, key);
        byToken.Is(404, "not_found");
        Assert.DoesNotContain("sess_", byToken.Body, StringComparison.Ordinal);
        (await api.SendAsync("DELETE", $"/sessions/{api.Sessions.Administrator.Id}", null, null, key))
            .Is(403, "forbidden", "forbidden: the administrator's own session cannot be deleted");
        (await api.SendAsync("DELETE", $"/sessions/{id}", """{"extra":1}""", null, key)).Is(400, "unknown_field");
        Assert.Equal(204, (await api.SendAsync("DELETE", $"/sessions/{id}", null, null, key)).Status);
        Assert.Equal([id], api.Sessions.Ended);
        (await api.SendAsync("GET", $"/sessions/{id}", null, null, key)).Is(400, "session_token_required");
    }

    [Fact]
    public async Task Without_an_api_key_a_bearer_is_no_proof()
    {
        await using TestApi api = await TestApi.StartAsync();
        SessionId id = api.Sessions.Authenticate(api.Token())!.Id;

        (await api.SendAsync("DELETE", $"/sessions/{id}", null, null, ("Authorization", "Bearer k"))).Is(400, "session_token_required");
    }

    [Fact]
    public async Task Over_the_socket_the_administrator_deletes_any_session_but_its_own()
    {
        await using TestApi api = await TestApi.StartAsync();
        SessionId id = api.Sessions.Authenticate(api.Token())!.Id;
        string kept = api.Token();
        api.Socket = true;

        Assert.Equal(204, (await api.SendAsync("DELETE", $"/sessions/{id}")).Status);
        (await api.SendAsync("DELETE", $"/sessions/{id}")).Is(404, "not_found", $"resource not found: session {id}");
        (await api.SendAsync("DELETE", $"/sessions/{api.Sessions.Administrator.Id}")).Is(403, "forbidden");
        (await api.SendAsync("DELETE", $"/sessions/{api.Sessions.Administrator.Id}", null, kept)).Is(403, "forbidden", "forbidden: the path names another session");
    }

    [Fact]
    [ContractLine("S4", Part = "invented and revoked")]
    public async Task Invented_malformed_and_revoked_tokens_look_the_same()
    {
        await using TestApi api = await TestApi.StartAsync();
        string revoked = api.Token();
        api.Sessions.Revoke(revoked);

        string[] bodies = await Task.WhenAll(new[] { revoked, "sess_00000000000000000000000000000000", "x" }.Select(async token =>
            (await api.SendAsync("GET", "/sandboxes", null, token, ("X-Request-Id", "r"))).Is(401, "unauthenticated").Body));

        Assert.Equal(
            """{"error":"unknown or expired session token","code":"unauthenticated","hint":"call POST /sessions/token and use the new token","request_id":"r"}""",
            Assert.Single(bodies.Distinct()));
    }

    [Fact]
    public async Task Too_many_tokens_are_429_with_Retry_After()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Sessions.RateLimited = true;

        (await api.SendAsync("POST", "/sessions/token")).Is(429, "rate_limited");
    }

    [Fact]
    public async Task A_session_that_never_expires_has_no_expiry_and_ttl_zero()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Sessions = o.Sessions with { IdleTtl = null } });
        api.Socket = true;

        Answer answer = await api.SendAsync("GET", $"/sessions/{api.Sessions.Administrator.Id}");

        Assert.Equal(0, answer.Root.GetProperty("idle_ttl_seconds").GetInt32());
        Assert.DoesNotContain("expires_at", answer.Names);
        Assert.True(answer.Root.GetProperty("administrator").GetBoolean());
    }
}
