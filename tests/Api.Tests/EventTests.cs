using Sleigh.Cgroups.Growth;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 38 and <c>/admin/events</c>.</summary>
public sealed class EventTests
{
    private static readonly SandboxId Box = SandboxId.Parse("sbx_00000000abcd");
    private static readonly SandboxId OtherBox = SandboxId.Parse("sbx_00000000dcba");

    [Fact]
    public async Task An_event_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        Exec exec = new()
        {
            Id = ExecId.Parse("exec_0000000000aa"), Sandbox = Box, Session = session, Status = ExecStatus.Failed, ExitCode = 1,
            Error = "command exited with status 1", Started = DateTimeOffset.UnixEpoch, Completed = DateTimeOffset.UnixEpoch.AddSeconds(2),
            Usage = new ExecUsage(null, 5, 2000, null, null, null), StdoutBytes = 3,
        };
        api.Events.Add(session, EventTypes.SandboxCreated, Box, new EventData { Image = "base", Name = "box" });
        api.Events.Add(session, EventTypes.ExecFinished, Box, new EventData { Exec = exec });
        api.Events.Add(session, EventTypes.SnapshotCreated, Box, new EventData { Snapshot = SnapshotId.Parse("snap_000000000001") });
        api.Events.Add(session, EventTypes.SandboxDeleted, Box, new EventData { Reason = DeleteReason.Ttl });
        api.Events.Add(session, EventTypes.MemoryOom, Box, new EventData { Oom = new OomReport(true, 2, 1, 3, "wait") });

        using EventReader reader = await EventReader.OpenAsync(api, "/events?last_event_id=0", token);

        Assert.Equal((200, "text/event-stream"), (reader.Status, reader.ContentType));
        string head = $$"""
            "time":"1970-01-01T00:00:00.000Z","session_id":"{{session}}","sandbox_id":"sbx_00000000abcd"
            """;
        Assert.Equal($$$"""id: 1|event: sandbox.created|data: {"seq":1,"type":"sandbox.created",{{{head}}},"data":{"image":"base","name":"box"}}""", await reader.NextAsync());
        Assert.Equal(
            $$$"""id: 2|event: exec.finished|data: {"seq":2,"type":"exec.finished",{{{head}}},"exec_id":"exec_0000000000aa","data":{"id":"exec_0000000000aa","sandbox_id":"sbx_00000000abcd","status":"failed","exit_code":1,"error":"command exited with status 1","started_at":"1970-01-01T00:00:00Z","completed_at":"1970-01-01T00:00:02Z","origin":"exec","usage":{"cpu_usec":5,"wall_ms":2000},"stdout_bytes":3,"stderr_bytes":0}}""",
            await reader.NextAsync());
        Assert.Equal($$$"""id: 3|event: snapshot.created|data: {"seq":3,"type":"snapshot.created",{{{head}}},"data":{"snapshot_id":"snap_000000000001"}}""", await reader.NextAsync());
        Assert.Equal($$$"""id: 4|event: sandbox.deleted|data: {"seq":4,"type":"sandbox.deleted",{{{head}}},"data":{"reason":"ttl"}}""", await reader.NextAsync());
        Assert.Equal(
            $$$"""id: 5|event: memory.oom|data: {"seq":5,"type":"memory.oom",{{{head}}},"data":{"killed":true,"limit_bytes":2,"peak_bytes":1,"growth_attempts":3,"advice":"wait"}}""",
            await reader.NextAsync());
    }

    [Fact]
    public async Task The_events_of_mounts_and_copies_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        Mount mount = new()
        {
            Id = MountId.Parse("mnt_000000000001"), Sandbox = Box, HostPath = "/srv/data/a", ContainerPath = "/a", Mode = MountMode.ReadWrite,
            Created = DateTimeOffset.UnixEpoch,
        };
        api.Events.Add(session, EventTypes.MountAdded, Box, new EventData { Mount = mount });
        api.Events.Add(session, EventTypes.EnvironmentCopied, Box, new EventData { Copied = new EnvironmentCopy("/py", "/opt", 3, 40, TimeSpan.FromMilliseconds(1.5)) });

        using EventReader reader = await EventReader.OpenAsync(api, "/events?last_event_id=0", token);

        Assert.EndsWith(
            """ "data":{"mount_id":"mnt_000000000001","host_path":"/srv/data/a","container_path":"/a","mode":"rw"}}""".TrimStart(),
            await reader.NextAsync(), StringComparison.Ordinal);
        Assert.EndsWith(
            """ "data":{"environment_path":"/py","sandbox_path":"/opt","files":3,"bytes":40,"duration_ms":2}}""".TrimStart(),
            await reader.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_events_of_memory_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        GrowthEntry grown = new(DateTimeOffset.UnixEpoch, 256, 512, true, GrowthTrigger.High, "brake reached");
        api.Events.Add(session, EventTypes.MemoryGrown, Box, new EventData { Growth = grown });
        api.Events.Add(session, EventTypes.MemoryGrowthRefused, Box, new EventData { Growth = grown with { FromMb = 512, Granted = false, Reason = "host short" } });
        api.Events.Add(session, EventTypes.MemoryNearLimit, Box, new EventData { NearLimit = "memory stall 12.30% exceeded threshold 10.00%" });
        api.Events.Add(session, EventTypes.SandboxPaused, Box);
        api.Events.Add(session, EventTypes.SandboxResumed, Box);

        using EventReader reader = await EventReader.OpenAsync(api, "/events?last_event_id=0", token);

        string head = $$"""
            "time":"1970-01-01T00:00:00.000Z","session_id":"{{session}}","sandbox_id":"sbx_00000000abcd"
            """;
        Assert.Equal(
            $$$"""id: 1|event: memory.grown|data: {"seq":1,"type":"memory.grown",{{{head}}},"data":{"from_mb":256,"to_mb":512,"granted":true,"trigger":"high","reason":"brake reached"}}""",
            await reader.NextAsync());
        Assert.Equal(
            $$$"""id: 2|event: memory.growth_refused|data: {"seq":2,"type":"memory.growth_refused",{{{head}}},"data":{"from_mb":512,"to_mb":512,"granted":false,"trigger":"high","reason":"host short"}}""",
            await reader.NextAsync());
        Assert.Equal(
            $$$"""id: 3|event: memory.near_limit|data: {"seq":3,"type":"memory.near_limit",{{{head}}},"data":{"reason":"memory stall 12.30% exceeded threshold 10.00%"}}""",
            await reader.NextAsync());
        Assert.Equal($$$"""id: 4|event: sandbox.paused|data: {"seq":4,"type":"sandbox.paused",{{{head}}},"data":{}}""", await reader.NextAsync());
        Assert.Equal($$$"""id: 5|event: sandbox.resumed|data: {"seq":5,"type":"sandbox.resumed",{{{head}}},"data":{}}""", await reader.NextAsync());
    }

    [Fact]
    public async Task Refused_packets_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        api.Events.Add(session, EventTypes.NetworkRefused, Box, new EventData { Refused = new Sleigh.Network.Refusals(1, 20, 3, 0) });

        using EventReader reader = await EventReader.OpenAsync(api, "/events?last_event_id=0&types=network.", token);

        Assert.EndsWith(
            """ "data":{"refused_packets":24,"refused_by":{"denied":1,"protected":20,"not_allowed":3,"connections":0}}}""".TrimStart(),
            await reader.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_number_only_what_happens_from_now_on_is_sent()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        api.Events.Add(session, EventTypes.SandboxCreated, Box);
        using EventReader reader = await EventReader.OpenAsync(api, "/events", token);

        // Status and headers have come, so the stream stands.
        while (api.Events.Watches == 0)
        {
            await Task.Delay(5);
        }

        await Task.Delay(50);
        api.Events.Add(session, EventTypes.SandboxStarted, Box);

        Assert.Equal(["2"], await reader.IdsAsync(1));
    }

    [Fact]
    public async Task A_reader_goes_on_behind_the_number_it_names_and_the_header_beats_the_query()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        Fill(api, session, 300);

        using EventReader byQuery = await EventReader.OpenAsync(api, "/events?last_event_id=298", token);
        using EventReader byHeader = await EventReader.OpenAsync(api, "/events?last_event_id=0", token, "297");
        using EventReader all = await EventReader.OpenAsync(api, "/events?last_event_id=0", token);

        Assert.Equal(["299", "300"], await byQuery.IdsAsync(2));
        Assert.Equal(["298", "299", "300"], await byHeader.IdsAsync(3));
        Assert.Equal(Enumerable.Range(1, 300).Select(n => $"{n}"), await all.IdsAsync(300));
    }

    [Fact]
    public async Task A_number_that_was_never_given_means_from_now_on()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        Fill(api, session, 2);
        using EventReader reader = await EventReader.OpenAsync(api, "/events", token, "900");
        while (api.Events.Watches == 0)
        {
            await Task.Delay(5);
        }

        await Task.Delay(50);
        Fill(api, session, 1);

        Assert.Equal(["3"], await reader.IdsAsync(1));
    }

    [Fact]
    [ContractLine("O1", Part = "the gap")]
    public async Task What_is_no_longer_kept_is_told_as_a_gap_without_a_number_and_not_to_who_asks_for_the_oldest()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        Fill(api, session, 9);
        api.Events.Drop(session, upTo: 6);

        using EventReader late = await EventReader.OpenAsync(api, "/events", token, "2");
        using EventReader oldest = await EventReader.OpenAsync(api, "/events?last_event_id=0", token);
        using EventReader just = await EventReader.OpenAsync(api, "/events", token, "6");

        Assert.Equal(
            $$$"""event: stream.gap|data: {"type":"stream.gap","time":"2026-01-05T09:00:01.120Z","session_id":"{{{session}}}","data":{"missed_from":3,"missed_to":6}}""",
            await late.NextAsync());
        Assert.Equal(["7", "8", "9"], await late.IdsAsync(3));
        Assert.Equal(["7", "8", "9"], await oldest.IdsAsync(3));
        Assert.Equal(["7", "8", "9"], await just.IdsAsync(3));
    }

    [Fact]
    public async Task Events_are_chosen_by_sandbox_and_by_types_or_their_beginnings()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        api.Events.Add(session, EventTypes.SandboxCreated, Box);
        api.Events.Add(session, EventTypes.SnapshotCreated, OtherBox);
        api.Events.Add(session, EventTypes.SandboxDeleted, OtherBox);
        api.Events.Add(session, EventTypes.ExecStarted, Box);

        using EventReader bySandbox = await EventReader.OpenAsync(api, $"/events?last_event_id=0&sandbox_id={OtherBox}", token);
        using EventReader byGroup = await EventReader.OpenAsync(api, "/events?last_event_id=0&types=sandbox.", token);
        using EventReader byTypes = await EventReader.OpenAsync(api, "/events?last_event_id=0&types=exec.,%20snapshot.created", token);

        Assert.Equal(["2", "3"], await bySandbox.IdsAsync(2));
        Assert.Equal(["1", "3"], await byGroup.IdsAsync(2));
        Assert.Equal(["2", "4"], await byTypes.IdsAsync(2));
    }

    [Theory]
    [InlineData("last_event_id=-1", null, "last_event_id", "bad request: last_event_id must be the number of an event, or 0 for the oldest kept")]
    [InlineData("last_event_id=x", null, "last_event_id", null)]
    [InlineData("last_event_id=99999999999999999999", null, "last_event_id", null)]
    [InlineData("last_event_id=1", "1.0", "Last-Event-ID", "bad request: Last-Event-ID must be the number of an event, or 0 for the oldest kept")]
    [InlineData("sandbox_id=box", null, "sandbox_id", "bad request: sandbox_id is not the id of a sandbox")]
    [InlineData("types=Memory", null, "types", "bad request: types must be a comma list of event types or beginnings such as memory.")]
    public async Task A_bad_query_is_400_with_its_field(string query, string? header, string field, string? text)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("GET", $"/events?{query}", null, api.Token(), header is null ? [] : [("Last-Event-ID", header)]);

        Assert.Equal(field, answer.Is(400, "invalid_argument", text).Detail("field"));
    }

    [Fact]
    public async Task Another_sessions_sandbox_is_403_and_a_deleted_one_may_be_asked_for()
    {
        await using TestApi api = await TestApi.StartAsync();
        (_, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync("GET", $"/events?sandbox_id={sandbox}", null, api.Token())).Is(403, "forbidden", $"forbidden: {sandbox} belongs to another session");
        (string token, SessionId session) = Session(api);
        api.Events.Add(session, EventTypes.SandboxDeleted, Box);
        using EventReader reader = await EventReader.OpenAsync(api, $"/events?last_event_id=0&sandbox_id={Box}", token);
        Assert.Equal(["1"], await reader.IdsAsync(1));
    }

    [Fact]
    public async Task A_session_holds_only_so_many_streams()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { MaxStreamsPerSession = 1 } });
        string token = api.Token();
        using (await EventReader.OpenAsync(api, "/events", token))
        {
            Answer second = (await api.SendAsync("GET", "/events", null, token)).Is(429, "quota_exceeded");
            Assert.Equal("streams_per_session", second.Detail("quota"));
            using EventReader other = await EventReader.OpenAsync(api, "/events", api.Token());
            Assert.Equal(200, other.Status);
        }
    }

    [Theory]
    [InlineData(SessionEndReason.Revoked, "revoked")]
    [InlineData(SessionEndReason.Expired, "expired")]
    public async Task The_stream_ends_with_the_session(SessionEndReason reason, string word)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, SessionId session) = Session(api);
        using EventReader reader = await EventReader.OpenAsync(api, "/events", token);
        while (api.Events.Watches == 0)
        {
            await Task.Delay(5);
        }

        api.Events.End(session, reason);
        api.Events.Add(session, EventTypes.SandboxDeleted, Box);

        Assert.Equal(
            $$$"""event: stream.end|data: {"type":"stream.end","time":"2026-01-05T09:00:01.120Z","session_id":"{{{session}}}","data":{"reason":"{{{word}}}"}}""",
            await reader.NextAsync());
        Assert.Null(await reader.NextAsync());
        Assert.Equal(0, api.Events.Watches);
    }

    [Fact]
    public async Task The_stream_ends_with_the_daemon()
    {
        await using TestApi api = await TestApi.StartAsync();
        using EventReader reader = await EventReader.OpenAsync(api, "/events", api.Token());

        api.Host.Stop();

        Assert.Contains("""event: stream.end""", await reader.NextAsync(), StringComparison.Ordinal);
        Assert.Null(await reader.NextAsync());
    }

    [Fact]
    public async Task The_administrator_reads_all_sessions_by_one_number_or_one_of_them()
    {
        await using TestApi api = await TestApi.StartAsync();
        (_, SessionId one) = Session(api);
        (_, SessionId two) = Session(api);
        api.Events.Add(one, EventTypes.SandboxCreated, Box);
        api.Events.Add(two, EventTypes.SandboxCreated, OtherBox);
        api.Events.Add(one, EventTypes.SandboxDeleted, Box, new EventData { Reason = DeleteReason.Request });
        api.Socket = true;

        using EventReader all = await EventReader.OpenAsync(api, "/admin/events?last_event_id=0", null);
        using EventReader later = await EventReader.OpenAsync(api, "/admin/events", null, "1");
        using EventReader second = await EventReader.OpenAsync(api, $"/admin/events?last_event_id=0&session_id={two}", null);

        Assert.Equal(["1", "2", "3"], await all.IdsAsync(3));
        Assert.Equal(["2"], await later.IdsAsync(1));
        Assert.Equal(
            $$$"""id: 3|event: sandbox.deleted|data: {"seq":3,"type":"sandbox.deleted","time":"1970-01-01T00:00:00.000Z","session_id":"{{{one}}}","sandbox_id":"sbx_00000000abcd","data":{"reason":"request"}}""",
            await later.NextAsync());
        Assert.Equal(["2"], await second.IdsAsync(1));
        (await api.SendAsync("GET", "/admin/events?session_id=me")).Is(400, "invalid_argument", "bad request: session_id is not the id of a session");
    }

    [Fact]
    public async Task Head_gives_the_headers_and_holds_no_stream_open()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("HEAD", "/events", null, api.Token());

        Assert.Equal((200, "text/event-stream", ""), (answer.Status, answer.Headers["Content-Type"], answer.Body));
        Assert.Equal(0, api.Events.Watches);
    }

    private static (string Token, SessionId Session) Session(TestApi api)
    {
        string token = api.Token();
        return (token, api.Sessions.Authenticate(token)!.Id);
    }

    private static void Fill(TestApi api, SessionId session, int count)
    {
        for (int i = 0; i < count; i++)
        {
            api.Events.Add(session, EventTypes.ExecStarted, Box);
        }
    }
}
