using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Section 1.6 of the contract: Idempotency-Key on the four endpoints.</summary>
public sealed class IdempotencyTests
{
    public static TheoryData<string, string> Endpoints() => new()
    {
        { "/sandboxes", """{"labels":{"a":"1","b":"2"}}""" },
        { "/sandboxes/{S}/snapshots", """{"name":"n"}""" },
        { "/sandboxes/{S}/fork", """{"count":2}""" },
        { "/sandboxes/{S}/exec", """{"command":"true"}""" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    [ContractLine("T10", Part = "replay")]
    public async Task A_replay_answers_the_same_and_runs_nothing(string path, string body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        path = path.Replace("{S}", sandbox, StringComparison.Ordinal);

        Answer first = await api.SendAsync("POST", path, body, token, ("Idempotency-Key", "k"));
        int creates = api.Sandboxes.Creates;
        int snapshots = api.Sandboxes.Snapshots(SandboxId.Parse(sandbox)).Count;
        // Another order, other white space, and the token elsewhere.
        Answer second = await api.SendAsync(
            "POST", path, " " + body.Replace("{\"a\":\"1\",\"b\":\"2\"}", "{ \"b\":\"2\",\"a\":\"1\"}", StringComparison.Ordinal)[..^1]
                + $", \"session_token\" : \"{token}\"}}", null, ("Idempotency-Key", "k"));

        Assert.Equal(first.Status, second.Status);
        Assert.Equal("true", second.Headers["Idempotency-Replayed"]);
        Assert.DoesNotContain("Idempotency-Replayed", first.Headers.Keys);
        Assert.Equal((creates, snapshots), (api.Sandboxes.Creates, api.Sandboxes.Snapshots(SandboxId.Parse(sandbox)).Count));
        if (path.EndsWith("/exec", StringComparison.Ordinal))
        {
            // The same exec as it is now: by then it has ended.
            Assert.Equal(first.Text("id"), second.Text("id"));
            Assert.Equal("succeeded", second.Text("status"));
            Assert.Equal(1, api.Execs.Starts);
        }
        else
        {
            Assert.Equal(first.Body, second.Body);
        }
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    [ContractLine("T10", Part = "conflict")]
    public async Task The_same_key_with_another_body_or_path_is_409(string path, string body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        path = path.Replace("{S}", sandbox, StringComparison.Ordinal);
        await api.SendAsync("POST", path, body, token, ("Idempotency-Key", "k"));

        string other = path == "/sandboxes" ? """{"labels":{"a":"1","b":"3"}}""" : body.Replace("\"n\"", "\"m\"", StringComparison.Ordinal)
            .Replace(":2", ":3", StringComparison.Ordinal).Replace("true", "false", StringComparison.Ordinal);
        (await api.SendAsync("POST", path, other, token, ("Idempotency-Key", "k")))
            .Is(409, "idempotency_conflict", "Idempotency-Key was already used with a different request");
        (await api.SendAsync("POST", path == "/sandboxes" ? $"/sandboxes/{sandbox}/snapshots" : "/sandboxes", "{}", token, ("Idempotency-Key", "k")))
            .Is(409, "idempotency_conflict");

        // Keys of sessions do not meet.
        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", "{}", api.Token(), ("Idempotency-Key", "k"))).Status);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    [ContractLine("T10", Part = "parallel pair")]
    public async Task A_parallel_pair_runs_once(string path, string body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        path = path.Replace("{S}", sandbox, StringComparison.Ordinal);
        (int creates, int starts) = (api.Sandboxes.Creates, api.Execs.Starts);
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        (api.Sandboxes.Gate, api.Execs.Gate) = (gate, gate);
        Task<Answer>[] calls = [.. Enumerable.Range(0, 10).Select(_ => api.SendAsync("POST", path, body, token, ("Idempotency-Key", "k")))];
        await Task.Delay(100);
        Assert.DoesNotContain(calls, c => c.IsCompleted);
        gate.SetResult();

        Answer[] answers = await Task.WhenAll(calls);

        int ran = api.Sandboxes.Creates - creates + api.Execs.Starts - starts + api.Sandboxes.Snapshots(SandboxId.Parse(sandbox)).Count;
        Assert.Equal(1, ran);
        Assert.All(answers, a => Assert.InRange(a.Status, 201, 202));
        Assert.Single(answers.Select(a => path.EndsWith("exec", StringComparison.Ordinal) ? a.Text("id") : a.Body).Distinct());
        Assert.Equal(9, answers.Count(a => a.Headers.ContainsKey("Idempotency-Replayed")));
    }

    [Fact]
    public async Task A_parallel_pair_of_waited_commands_runs_once_and_both_wait()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Task<Answer>[] calls = [.. Enumerable.Range(0, 2).Select(_ => api.SendAsync(
            "POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep","wait":true}""", token, ("Idempotency-Key", "k")))];
        while (api.Execs.LastWait is null)
        {
            await Task.Delay(5);
        }

        api.Execs.Finish(api.Execs.All.Single().Id, 3, "x"u8.ToArray());

        foreach (Answer answer in await Task.WhenAll(calls))
        {
            Assert.Equal((200, "failed", "command exited with status 3"), (answer.Status, answer.Text("status"), answer.Error));
        }

        Assert.Equal(1, api.Execs.Starts);
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    [ContractLine("T10", Part = "reuse after failure")]
    public async Task After_a_failure_the_key_is_free(string path, string body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        path = path.Replace("{S}", sandbox, StringComparison.Ordinal);
        RuntimeException failure = new(ErrorKind.EngineUnavailable, "the container engine does not answer");
        (api.Sandboxes.Fail, api.Execs.Fail) = (failure, failure);
        (await api.SendAsync("POST", path, body, token, ("Idempotency-Key", "k"))).Is(503, "engine_unavailable");
        (api.Sandboxes.Fail, api.Execs.Fail) = (null, null);

        // Even for another request: nothing is kept of the one that failed.
        string other = path.EndsWith("exec", StringComparison.Ordinal) ? """{"command":"other"}""" : "{}";
        Answer retry = await api.SendAsync("POST", path, other, token, ("Idempotency-Key", "k"));

        Assert.InRange(retry.Status, 201, 202);
        Assert.DoesNotContain("Idempotency-Replayed", retry.Headers.Keys);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(" ", true)]
    [InlineData("~", true)]
    [InlineData("a\tb", false)]
    public async Task A_key_is_1_to_255_printable_ASCII_characters(string key, bool fine)
    {
        await using TestApi api = await TestApi.StartAsync();

        Assert.Equal(fine, TryParse(key));
        Assert.True(TryParse(new string('k', 255)));
        Assert.False(TryParse(new string('k', 256)));
        Assert.False(TryParse("ä"));
        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", "{}", api.Token(), ("Idempotency-Key", new string('k', 255)))).Status);
    }

    private static bool TryParse(string key)
    {
        try
        {
            return Requests.IdempotencyKey.Parse(key) == key;
        }
        catch (Errors.ApiException)
        {
            return false;
        }
    }
}
