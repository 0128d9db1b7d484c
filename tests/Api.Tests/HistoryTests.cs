using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Sleigh.Api.Cursors;
using Sleigh.Api.Requests;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 27 and 28 of the contract.</summary>
public sealed class HistoryTests
{
    private const string Refused = "bad request: cursor is invalid or expired";

    [Fact]
    [ContractLine("H1", Part = "equal seconds")]
    public async Task Pages_join_to_all_commands_newest_first_although_all_began_in_the_same_second()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string[] ids) = await RunAsync(api, 7);

        List<string> seen = [];
        string cursor = "";
        int pages = 0;
        do
        {
            Answer page = await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?session_token={token}&limit=3{cursor}");
            seen.AddRange(Ids(page));
            pages++;
            cursor = page.Root.TryGetProperty("next_cursor", out JsonElement next) ? $"&cursor={next.GetString()}" : "";
        }
        while (cursor.Length > 0);

        Assert.Equal(ids.Reverse(), seen);
        Assert.Equal(3, pages);
    }

    [Fact]
    [ContractLine("H1", Part = "the last page")]
    public async Task A_last_page_that_is_full_has_no_cursor_and_neither_has_an_empty_list()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, _) = await RunAsync(api, 4);

        Answer full = await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=4", null, token);
        string other = api.Token();
        Answer empty = await api.SendAsync("GET", $"/sessions/{other}/exec-tasks", null, other);

        Assert.Equal((200, 4), (full.Status, Ids(full).Length));
        Assert.Equal(["items"], full.Names);
        Assert.Equal("""{"items":[]}""", empty.Body);
    }

    [Fact]
    public async Task Items_are_exec_results_with_their_output_last_and_without_it_once_their_sandbox_is_deleted()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"echo hi"}""", token);
        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token);

        JsonElement[] items = await ItemsAsync();

        Assert.Equal(["running", "succeeded"], items.Select(i => i.GetProperty("status").GetString()));
        Assert.Equal(["", "echo hi\n"], items.Select(i => i.GetProperty("stdout").GetString()));
        Assert.Equal(["stdout_bytes", "stderr_bytes", "stdout", "stderr"], items[1].EnumerateObject().Select(p => p.Name).TakeLast(4));
        Assert.Equal(sandbox, items[1].GetProperty("sandbox_id").GetString());

        await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, token);
        JsonElement left = (await ItemsAsync())[1];
        Assert.Equal((sandbox, "", 8), (left.GetProperty("sandbox_id").GetString(), left.GetProperty("stdout").GetString(), left.GetProperty("stdout_bytes").GetInt32()));

        async Task<JsonElement[]> ItemsAsync() =>
            [.. (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks", null, token)).Root.GetProperty("items").EnumerateArray()];
    }

    [Fact]
    [ContractLine("S7")]
    public async Task The_path_takes_the_session_id_and_the_token_and_no_other_session()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string[] ids) = await RunAsync(api, 2);
        string session = (await api.SendAsync("GET", $"/sessions/{token}", null, token)).Text("session_id");
        string stranger = api.Token();
        string strangersId = (await api.SendAsync("GET", $"/sessions/{stranger}", null, stranger)).Text("session_id");

        Assert.Equal(ids.Reverse(), Ids(await api.SendAsync("GET", $"/sessions/{session}/exec-tasks", null, token)));
        Assert.Equal(ids.Reverse(), Ids(await api.SendAsync("GET", $"/sessions/{token}/exec-tasks", null, token)));
        foreach (string path in new[] { strangersId, stranger, "sid_000000000000", "x" })
        {
            // Whose it is comes before what the query says.
            (await api.SendAsync("GET", $"/sessions/{path}/exec-tasks?cursor=x", null, token)).Is(403, "forbidden", "forbidden: the path names another session");
        }

        (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks")).Is(400, "session_token_required");
        Assert.DoesNotContain(api.Log.Lines, l => l.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_administrators_socket_reads_any_sessions_history()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string[] ids) = await RunAsync(api, 3);
        string session = (await api.SendAsync("GET", $"/sessions/{token}", null, token)).Text("session_id");
        api.Socket = true;

        Answer first = await api.SendAsync("GET", $"/sessions/{session}/exec-tasks?limit=2");
        Answer second = await api.SendAsync("GET", $"/sessions/{session}/exec-tasks?limit=2&cursor={first.Text("next_cursor")}");

        Assert.Equal(ids.Reverse(), Ids(first).Concat(Ids(second)));
        (await api.SendAsync("GET", "/sessions/sid_ffffffffffff/exec-tasks")).Is(403, "forbidden");
    }

    [Theory]
    [InlineData(null, 20)]
    [InlineData("", 20)]
    [InlineData("many", 20)]
    [InlineData("0", 20)]
    [InlineData("-3", 20)]
    [InlineData("1.5", 20)]
    [InlineData("1", 1)]
    [InlineData("007", 7)]
    [InlineData("200", 200)]
    [InlineData("201", 200)]
    [InlineData("2147483648", 200)]
    [InlineData("99999999999999999999999", 200)]
    public void What_is_no_limit_is_20_and_what_is_too_much_is_200(string? text, int limit) => Assert.Equal(limit, HistoryQuery.Limit(text));

    [Fact]
    public async Task A_cursor_has_the_form_of_the_contract_and_no_token_in_it()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Cursor = new CursorOptions { Secret = "s3cret" } });
        (string token, string[] ids) = await RunAsync(api, 2);
        string session = (await api.SendAsync("GET", $"/sessions/{token}", null, token)).Text("session_id");

        string cursor = (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=1", null, token)).Text("next_cursor");

        string[] parts = cursor.Split('.');
        byte[] json = Base64Url.DecodeFromChars(parts[0]);
        Assert.Equal(
            $$"""{"v":1,"sid":"{{session}}","ts":1767603601120,"eid":"{{ids[1]}}","l":1,"iat":1767603601,"exp":1767607201}""",
            Encoding.UTF8.GetString(json));
        Assert.Equal(
            Base64Url.EncodeToString(System.Security.Cryptography.HMACSHA256.HashData("s3cret"u8, json)),
            parts[1]);
        Assert.DoesNotContain(token, Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.Matches("^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$", cursor);
    }

    [Fact]
    [ContractLine("H1", Part = "session, limit, age")]
    public async Task A_cursor_is_good_for_one_session_one_limit_and_its_time()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Cursor = new CursorOptions { Ttl = TimeSpan.FromSeconds(60) } });
        (string token, _) = await RunAsync(api, 3);
        (string other, _) = await RunAsync(api, 3);
        string cursor = (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=2", null, token)).Text("next_cursor");

        Task<Answer> Page(string session, int limit) => api.SendAsync("GET", $"/sessions/{session}/exec-tasks?limit={limit}&cursor={cursor}", null, session);

        Assert.Single(Ids(await Page(token, 2)));
        (await Page(other, 2)).Is(400, "invalid_cursor", Refused);
        (await Page(token, 3)).Is(400, "invalid_cursor", Refused);
        api.Time.Now += TimeSpan.FromSeconds(58);
        Assert.Single(Ids(await Page(token, 2)));
        api.Time.Now += TimeSpan.FromSeconds(2);
        (await Page(token, 2)).Is(400, "invalid_cursor", Refused);
    }

    [Fact]
    public async Task A_limit_above_the_most_is_the_same_as_the_most_to_a_cursor()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, _) = await RunAsync(api, 201);

        Answer first = await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=500", null, token);
        Answer second = await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=200&cursor={first.Text("next_cursor")}", null, token);

        Assert.Equal((200, 1), (Ids(first).Length, Ids(second).Length));
    }

    [Fact]
    public async Task A_cursor_that_was_changed_or_signed_by_another_secret_or_not_at_all_is_refused()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string[] ids) = await RunAsync(api, 3);
        SessionId session = SessionId.Parse((await api.SendAsync("GET", $"/sessions/{token}", null, token)).Text("session_id"));
        string good = (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=2", null, token)).Text("next_cursor");
        string[] parts = good.Split('.');
        string foreign = new HistoryCursor(session, 2, new ExecMark(ExecId.Parse(ids[1]), api.Time.Now)).Seal("another", api.Time.Now, TimeSpan.FromHours(1));
        string wrongPayload = CursorSeal.Seal("""{"v":1}"""u8, "made at first start");
        string noJson = CursorSeal.Seal("sleigh"u8, "made at first start");
        string wrongVersion = CursorSeal.Seal(
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[0])).Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal)),
            "made at first start");

        foreach (string bad in new[]
        {
            foreign, wrongPayload, noJson, wrongVersion, parts[0], parts[0] + ".", "." + parts[1], $"{parts[0]}.{parts[0]}", $"{good}.{parts[1]}", good + "A", "A" + good,
            $"{parts[0]}=.{parts[1]}", $"{parts[0]}.{parts[1]}=", $"2026-01-05T09:00:01Z|{ids[1]}", "x", new string('a', 5000), $"{new string('a', 3000)}.{new string('a', 3000)}",
        })
        {
            (await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=2&cursor={Uri.EscapeDataString(bad)}", null, token))
                .Is(400, "invalid_cursor", Refused);
        }

        Assert.Single(Ids(await api.SendAsync("GET", $"/sessions/{token}/exec-tasks?limit=2&cursor={good}", null, token)));
    }

    [Fact]
    public async Task Cleaning_up_tells_how_many_went_and_is_for_the_trusted()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer done = await api.SendAsync("POST", "/maintenance/exec-tasks/cleanup", "not json");
        api.Peer = IPAddress.Parse("192.0.2.1");

        Assert.Equal((200, """{"deleted_rows":12,"before":"2025-12-22T09:00:00Z"}"""), (done.Status, done.Body));
        (await api.SendAsync("POST", "/maintenance/exec-tasks/cleanup")).Is(403, "admin_loopback_only");
        Assert.Equal(1, api.Maintenance.Runs);
    }

    [Fact]
    public void A_snapshot_shows_when_it_will_be_deleted_and_nothing_where_it_will_not()
    {
        Snapshot snapshot = new()
        {
            Id = SnapshotId.New(), Sandbox = SandboxId.New(), Session = SessionId.New(), Created = new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero),
            Limits = new CapturedLimits(256, 512, null, 1024, null), Labels = new Dictionary<string, string>(),
        };

        using JsonDocument kept = JsonDocument.Parse(Json.JsonText.ToArray(json => SnapshotView.Write(json, snapshot)));
        using JsonDocument ending = JsonDocument.Parse(
            Json.JsonText.ToArray(json => SnapshotView.Write(json, snapshot with { Expires = snapshot.Created + TimeSpan.FromDays(14) })));

        Assert.False(kept.RootElement.TryGetProperty("expires_at", out _));
        Assert.Equal(("captured", "expires_at"), (ending.RootElement.EnumerateObject().SkipLast(1).Last().Name, ending.RootElement.EnumerateObject().Last().Name));
        Assert.Equal("2026-01-19T09:00:00.000Z", ending.RootElement.GetProperty("expires_at").GetString());
    }

    private static async Task<(string Token, string[] Execs)> RunAsync(TestApi api, int count)
    {
        (string token, string sandbox) = await api.SandboxAsync();
        string[] ids = new string[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token)).Text("id");
        }

        return (token, ids);
    }

    private static string[] Ids(Answer page) => [.. page.Root.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()!)];
}
