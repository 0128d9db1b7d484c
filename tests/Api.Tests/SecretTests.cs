using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Secrets come in, and only their names come out.</summary>
public sealed class SecretTests
{
    private const string Value = "hush-hush";

    [Fact]
    public async Task A_sandbox_has_secrets_of_which_names_alone_are_shown()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        Answer made = await api.SendAsync("POST", "/sandboxes", $$$"""{"secrets":{"B":"{{{Value}}}","A":"x"},"env":{"C":"y"}}""", token);
        Answer shown = await api.SendAsync("GET", $"/sandboxes/{made.Text("sandbox_id")}", null, token);

        Assert.Equal(Value, api.Sandboxes.LastSpec!.Secrets["B"]);
        Assert.All((Answer[])[made, shown], a => Assert.Equal("""["A","B"]""", a.Root.GetProperty("secret_names").GetRawText()));
        Assert.All((Answer[])[made, shown], a => Assert.DoesNotContain(Value, a.Body, StringComparison.Ordinal));
        Assert.False(shown.Root.TryGetProperty("secrets_lost", out _));
        Assert.DoesNotContain(api.Log.Lines, line => line.Contains(Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_command_has_its_own_and_a_step_of_a_workflow_too()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$$"""{"command":"true","secrets":{"A":"{{{Value}}}"}}""", token);
        Assert.Equal((202, Value), (exec.Status, api.Execs.LastSpec!.Secrets["A"]));
        Answer flow = await api.SendAsync(
            "POST", "/workflow/run",
            $$$"""{"steps":[{"action":"create_sandbox","secrets":{"B":"{{{Value}}}"}},{"action":"exec_command","command":"true","secrets":{"C":"{{{Value}}}"}}]}""", token);

        Assert.Equal((200, Value, Value), (flow.Status, api.Sandboxes.LastSpec!.Secrets["B"], api.Execs.LastSpec!.Secrets["C"]));
        Assert.DoesNotContain(Value, exec.Body + flow.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"secrets":{"1A":"hush-hush"}}""", "bad request: secrets has a name that is not letters, digits and _ with no digit first")]
    [InlineData("""{"secrets":{"A":"hush-hush\u0000"}}""", "bad request: secrets has a NUL character in the value of A")]
    [InlineData("""{"secrets":{"A":"hush-hush"},"env":{"A":"x"}}""", "bad request: secrets and env both have A; a variable is one or the other")]
    public async Task A_bad_one_is_refused_by_name_at_create_and_exec(string body, string sentence)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer create = await api.SendAsync("POST", "/sandboxes", body, token);
        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", body.Insert(1, "\"command\":\"true\","), token);

        Assert.All((Answer[])[create, exec], a => Assert.Equal("secrets", a.Is(400, "invalid_argument", sentence).Detail("field")));
        Assert.All((Answer[])[create, exec], a => Assert.DoesNotContain(Value, a.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Others_take_their_place_and_none_takes_them_away()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer set = await api.SendAsync("PUT", $"/sandboxes/{sandbox}/secrets", $$$"""{"secrets":{"A":"{{{Value}}}"}}""", token);
        Assert.Equal((200, """["A"]""", Value), (set.Status, set.Root.GetProperty("secret_names").GetRawText(), api.Sandboxes.LastSecrets!["A"]));
        Answer cleared = await api.SendAsync("PUT", $"/sandboxes/{sandbox}/secrets", """{"secrets":{}}""", token);

        Assert.DoesNotContain("secret_names", cleared.Names);
        (await api.SendAsync("PUT", $"/sandboxes/{sandbox}/secrets", "{}", token)).Is(400, "bad_request", "bad request: secrets is required");
    }

    [Fact]
    public async Task Values_are_no_part_of_what_makes_two_requests_the_same()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        Answer first = await api.SendAsync("POST", "/sandboxes", """{"secrets":{"A":"one","B":"two"}}""", token, ("Idempotency-Key", "k"));
        Answer again = await api.SendAsync("POST", "/sandboxes", """{"secrets":{"B":"other","A":"value"}}""", token, ("Idempotency-Key", "k"));

        Assert.Equal((201, 201, first.Body, "true"), (first.Status, again.Status, again.Body, again.Headers["Idempotency-Replayed"]));
        (await api.SendAsync("POST", "/sandboxes", """{"secrets":{"A":"one"}}""", token, ("Idempotency-Key", "k"))).Is(409, "idempotency_conflict");
    }

    [Fact]
    public async Task A_command_that_needs_what_is_gone_is_told_which()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.Fail = new RuntimeException(ErrorKind.SecretsLost, "the values of secrets are gone: A")
        {
            Details = new Dictionary<string, object> { ["secret_names"] = (string[])["A"] },
        };

        Answer refused = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token)).Is(409, "secrets_lost");

        Assert.Equal(["A"], refused.Root.GetProperty("details").GetProperty("secret_names").EnumerateArray().Select(n => n.GetString()));
    }
}
