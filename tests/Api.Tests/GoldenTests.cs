using System.Text.RegularExpressions;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>Replies byte for byte, with the order of members. Random ids are shown as their prefix and <c>*</c>.</summary>
public sealed partial class GoldenTests
{
    [Fact]
    public async Task Healthz()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("GET", "/healthz");

        Assert.Equal("""{"status":"ok","time":"2026-01-05T09:00:01Z","version":"1.0.0","sandbox_kind":"containerd"}""", answer.Body);
        Assert.Equal("application/json; charset=utf-8", answer.Headers["Content-Type"]);
    }

    [Fact]
    public async Task Token()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sessions/token");

        Assert.Matches(
            """^\{"session_token":"sess_[0-9a-f]{32}","issued_at":"2026-01-05T09:00:01Z","session_id":"sid_[0-9a-f]{12}","expires_at":"2026-01-19T09:00:01.120Z","idle_ttl_seconds":1209600\}$""",
            answer.Body);
    }

    [Fact]
    public async Task Create_with_little()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", """{"image":"python:3.11-slim","labels":{"task":"42"}}""", api.Token());

        Assert.Equal(
            """{"sandbox_id":"sbx_*","image":"python:3.11-slim","status":"running","labels":{"task":"42","session_id":"sid_*"},"created":"2026-01-05T09:00:01.120Z","memory_limit_mb":256,"startup_latency_ms":18,"session_id":"sid_*","auto_expand_memory":true,"memory_ceiling_mb":57600,"on_oom":"report","pids_limit":1024,"network":"none","runtime":"runc","last_used_at":"2026-01-05T09:00:01.120Z","source":"pool","phases_ms":{"admission":1,"image":0,"rootfs":0,"network":0,"create":0,"start":16}}""",
            Masked(answer));
    }

    [Fact]
    public async Task Sandbox_with_everything()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Put(Full(api.Sessions.Authenticate(token)!.Id));

        Answer answer = await api.SendAsync("GET", "/sandboxes/sbx_00000000abcd", null, token);

        Assert.Equal(
            """{"sandbox_id":"sbx_00000000abcd","image":"base","status":"exited","labels":{"ü":"<&'\">"},"created":"2026-01-05T09:00:01.120Z","memory_limit_mb":512,"session_id":"sid_*","name":"box","auto_expand_memory":false,"memory_ceiling_mb":1024,"on_oom":"rollback","cpus":1.5,"pids_limit":64,"disk_limit_mb":128,"disk_limit_kind":"soft","network":"none","runtime":"runc","user":"1000:1000","base_snapshot_id":"snap_000000000001","parent":{"sandbox_id":"sbx_000000000002","snapshot_id":"snap_000000000003"},"last_used_at":"2026-01-05T09:00:02.000Z","expires_at":"2026-01-05T10:00:00.999Z"}""",
            Regex.Replace(answer.Body, "sid_[0-9a-f]{12}", "sid_*"));
    }

    [Fact]
    public async Task What_holds_a_sandbox_is_the_last_member_of_one_that_runs_and_in_no_list()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Put(Full(api.Sessions.Authenticate(token)!.Id) with { Status = SandboxStatus.Running });
        api.Sandboxes.Held = new Isolation
        {
            Capabilities = ["CAP_CHOWN"], NoNewPrivileges = true, SeccompFilter = true, SeccompDenied = ["bpf", "keys"], MaskedPaths = ["/proc/kcore"],
            ReadOnlyPaths = ["/proc/sys"], Namespaces = ["mnt", "pid"], OpenFiles = 1_048_576,
            ProcSource = "generated", ProcFiles = ["/proc/meminfo"],
        };

        Answer shown = await api.SendAsync("GET", "/sandboxes/sbx_00000000abcd", null, token);
        Answer listed = await api.SendAsync("GET", "/sandboxes", null, token);

        Assert.EndsWith(
            ""","expires_at":"2026-01-05T10:00:00.999Z","isolation":{"capabilities":["CAP_CHOWN"],"no_new_privileges":true,"seccomp":{"filter":true,"denied":["bpf","keys"]},"masked_paths":["/proc/kcore"],"read_only_paths":["/proc/sys"],"namespaces":["mnt","pid"],"network_namespace":{"own":false,"reason":"it was made with network host: it has the host's interfaces, addresses, ports, loopback services and abstract sockets, and no policy holds what it sends"},"user_namespace":{"own":false,"reason":"sandbox.user_namespace was off when its container was made, or auto and this host could not: it is in the host's user namespace; root inside is user 0 with the capabilities listed here alone"},"proc":{"source":"generated","files":["/proc/meminfo"]},"limits":{"memory_mb":512,"cpus":1.5,"pids":64,"disk_mb":128,"open_files":1048576}}}""",
            shown.Body,
            StringComparison.Ordinal);
        Assert.DoesNotContain("isolation", listed.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SandboxStatus.Created, "created")]
    [InlineData(SandboxStatus.Running, "running")]
    [InlineData(SandboxStatus.Paused, "paused")]
    [InlineData(SandboxStatus.Exited, "exited")]
    public async Task Each_status_has_its_word(SandboxStatus status, string word)
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Put(Full(api.Sessions.Authenticate(token)!.Id) with { Status = status });

        Assert.Equal(word, (await api.SendAsync("GET", "/sandboxes/sbx_00000000abcd", null, token)).Text("status"));
    }

    [Fact]
    public async Task Snapshot_and_rollback_and_fork()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Put(Full(api.Sessions.Authenticate(token)!.Id) with { Status = SandboxStatus.Running, Parent = null, Expires = null });
        const string path = "/sandboxes/sbx_00000000abcd";

        Answer snapshot = await api.SendAsync("POST", path + "/snapshots", """{"name":"n","comment":"c"}""", token);
        string id = snapshot.Text("id");
        Assert.Equal($"sleigh-snapshot:{id[5..]}", snapshot.Text("image_ref"));
        Answer rollback = await api.SendAsync("POST", path + "/rollback", $$"""{"snapshot_id":"{{id}}"}""", token);
        Answer fork = await api.SendAsync("POST", path + "/fork", $$"""{"snapshot_id":"{{id}}","count":1}""", token);

        Assert.Equal(
            """{"id":"snap_*","sandbox_id":"sbx_*","image_ref":"sleigh-snapshot:*","type":"container","base_snapshot_id":"snap_*","created":"2026-01-05T09:00:01Z","parent_id":"snap_*","name":"n","comment":"c","bytes":40960,"durable":true,"duration_ms":14,"pause_ms":6,"captured":{"limits":{"memory_limit_mb":512,"memory_ceiling_mb":1024,"cpus":1.5,"pids_limit":64,"disk_limit_mb":128},"mounts":[],"labels":{"ü":"<&'\">"}}}""",
            Masked(snapshot));
        Assert.Equal(
            """{"sandbox_id":"sbx_*","image":"base","status":"running","labels":{"ü":"<&'\">"},"created":"2026-01-05T09:00:01.120Z","memory_limit_mb":512,"session_id":"sid_*","name":"box","auto_expand_memory":false,"memory_ceiling_mb":1024,"on_oom":"rollback","cpus":1.5,"pids_limit":64,"disk_limit_mb":128,"disk_limit_kind":"soft","network":"none","runtime":"runc","user":"1000:1000","base_snapshot_id":"snap_*","last_used_at":"2026-01-05T09:00:02.000Z","rolled_back_to":"snap_*","duration_ms":21,"ended_exec_ids":["exec_*"]}""",
            Masked(rollback));
        Assert.Equal(
            """{"snapshot_id":"snap_*","items":[{"sandbox_id":"sbx_*","image":"base","status":"running","labels":{"ü":"<&'\">"},"created":"2026-01-05T09:00:01.120Z","memory_limit_mb":512,"startup_latency_ms":18,"session_id":"sid_*","auto_expand_memory":false,"memory_ceiling_mb":1024,"on_oom":"rollback","cpus":1.5,"pids_limit":64,"disk_limit_mb":128,"disk_limit_kind":"soft","network":"none","runtime":"runc","user":"1000:1000","base_snapshot_id":"snap_*","parent":{"sandbox_id":"sbx_*","snapshot_id":"snap_*"},"last_used_at":"2026-01-05T09:00:02.000Z","phases_ms":{"admission":1,"image":0,"rootfs":0,"network":0,"create":0,"start":16}}]}""",
            Masked(fork));
    }

    [Fact]
    public async Task Exec_results()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string path = $"/sandboxes/{sandbox}/exec";

        Answer waited = await api.SendAsync("POST", path, """{"command":"42","wait":true}""", token);
        Answer started = await api.SendAsync("POST", path, """{"command":"sleep","webhook_url":"http://h/"}""", token);
        ExecId id = ExecId.Parse(started.Text("id"));
        api.Execs.Change(id, e => e with { StdoutBytes = 4, StderrBytes = 812 }, "\"😀"u8.ToArray());
        Answer running = await api.SendAsync("GET", $"{path}/{id}", null, token);
        api.Execs.Change(id, e => e with
        {
            Status = ExecStatus.Failed, ExitCode = 143, Error = "command timed out after 1s and was stopped", TimedOut = true,
            Completed = api.Time.Now, Origin = ExecOrigin.CodeWrite, Usage = new ExecUsage(1, 2, 3, 4, 5, 6),
        });
        Answer timedOut = await api.SendAsync("GET", $"{path}/{id}", null, token);
        api.Execs.Change(id, e => e with { Status = ExecStatus.Cancelled, ExitCode = 0, Error = null, TimedOut = false, Origin = ExecOrigin.OpsRead, Usage = new ExecUsage(null, null, 3, null, null, null) });
        Answer cancelled = await api.SendAsync("POST", $"{path}/{id}/cancel", null, token);
        api.Execs.Change(id, e => e with { Status = ExecStatus.Failed, ExitCode = null, Error = "command could not be started: no such user", Origin = ExecOrigin.Workflow, Usage = null });
        Answer unstarted = await api.SendAsync("GET", $"{path}/{id}", null, token);
        api.Execs.Change(id, e => e with { ExitCode = 137, Error = "command exited with status 137", Recovery = "r; s", Oom = new OomReport(true, 268435456, 267386880, 2, "wait") });
        Answer killed = await api.SendAsync("GET", $"{path}/{id}", null, token);
        api.Execs.Change(id, e => e with { Oom = new OomReport(false, 1, null, 0, "w") });
        Answer lived = await api.SendAsync("GET", $"{path}/{id}", null, token);
        api.Execs.Change(id, e => e with { Disk = new DiskReport(64L << 20, (64L << 20) - 1, "delete") });
        Answer full = await api.SendAsync("GET", $"{path}/{id}", null, token);

        Assert.Equal(
            """{"id":"exec_*","sandbox_id":"sbx_*","status":"succeeded","exit_code":0,"started_at":"2026-01-05T09:00:01Z","completed_at":"2026-01-05T09:00:01Z","origin":"exec","usage":{"memory_peak_bytes":9437184,"cpu_usec":21034,"wall_ms":27,"stall_usec":0,"io_read_bytes":0},"stdout_bytes":3,"stderr_bytes":0,"stdout":"42\n","stderr":""}""",
            Masked(waited));
        Assert.Equal(
            """{"id":"exec_*","sandbox_id":"sbx_*","status":"running","started_at":"2026-01-05T09:00:01Z","origin":"exec","webhook_subscription":{"created":true,"exec_status":"running"},"stdout_bytes":0,"stderr_bytes":0,"stdout":"","stderr":""}""",
            Masked(started));
        Assert.Equal("\"😀", running.Text("stdout"));
        Assert.Equal(["id", "sandbox_id", "status", "started_at", "origin", "stdout_bytes", "stderr_bytes", "stdout", "stderr"], running.Names);
        Assert.Equal(
            """{"id":"exec_*","sandbox_id":"sbx_*","status":"failed","exit_code":143,"error":"command timed out after 1s and was stopped","timed_out":true,"started_at":"2026-01-05T09:00:01Z","completed_at":"2026-01-05T09:00:01Z","origin":"code_write","usage":{"memory_peak_bytes":1,"cpu_usec":2,"wall_ms":3,"stall_usec":4,"io_read_bytes":5,"io_write_bytes":6},"stdout_bytes":4,"stderr_bytes":812,"stdout":"X","stderr":""}""",
            Regex.Replace(Masked(timedOut), "\"stdout\":\".*\",\"stderr\":", "\"stdout\":\"X\",\"stderr\":"));
        Assert.Equal("ops_read", cancelled.Text("origin"));
        Assert.Equal("""{"wall_ms":3}""", cancelled.Root.GetProperty("usage").GetRawText());
        Assert.Equal(0, cancelled.Root.GetProperty("exit_code").GetInt32());
        Assert.Equal("cancelled", cancelled.Text("status"));
        Assert.DoesNotContain("error", cancelled.Names);
        Assert.Equal("workflow", unstarted.Text("origin"));
        Assert.DoesNotContain("exit_code", unstarted.Names);
        Assert.DoesNotContain("usage", unstarted.Names);
        Assert.Equal(
            """{"id":"exec_*","sandbox_id":"sbx_*","status":"failed","exit_code":137,"error":"command exited with status 137","recovery":"r; s","oom":{"killed":true,"limit_bytes":268435456,"peak_bytes":267386880,"growth_attempts":2,"advice":"wait"},"started_at":"2026-01-05T09:00:01Z","completed_at":"2026-01-05T09:00:01Z","origin":"workflow","stdout_bytes":4,"stderr_bytes":812,"stdout":"X","stderr":""}""",
            Regex.Replace(Masked(killed), "\"stdout\":\".*\",\"stderr\":", "\"stdout\":\"X\",\"stderr\":"));
        Assert.Equal("""{"killed":false,"limit_bytes":1,"growth_attempts":0,"advice":"w"}""", lived.Root.GetProperty("oom").GetRawText());
        Assert.Equal("""{"limit_mb":64,"used_mb":64,"full":true,"advice":"delete"}""", full.Root.GetProperty("disk").GetRawText());
    }

    [Fact]
    public async Task Errors_with_hint_and_details()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Fail = new RuntimeException(ErrorKind.QuotaExceeded, "the session has 2 sandboxes, the limit is 2")
        {
            Hint = "delete one",
            Details = new Dictionary<string, object> { ["quota"] = "sandboxes_per_session", ["limit"] = 2 },
        };

        Answer answer = await api.SendAsync("POST", "/sandboxes", "{}", token, ("X-Request-Id", "r"));

        answer.Is(429, "quota_exceeded");
        Assert.Equal(
            """{"error":"the session has 2 sandboxes, the limit is 2","code":"quota_exceeded","hint":"delete one","details":{"quota":"sandboxes_per_session","limit":2},"request_id":"r"}""",
            answer.Body);
    }

    [Fact]
    public async Task Times_are_UTC_and_cut_not_rounded()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Time.Now = new DateTimeOffset(2026, 1, 5, 10, 59, 59, 999, TimeSpan.FromHours(2)).AddTicks(9999);

        Assert.Equal("2026-01-05T08:59:59Z", (await api.SendAsync("GET", "/healthz")).Text("time"));
        Assert.Equal("2026-01-05T08:59:59.999Z", (await api.SendAsync("POST", "/sandboxes", "{}", api.Token())).Text("created"));
    }

    private static Sandbox Full(SessionId owner) => new()
    {
        Id = SandboxId.Parse("sbx_00000000abcd"),
        Session = owner,
        Image = "base",
        Status = SandboxStatus.Exited,
        Labels = new Dictionary<string, string> { ["ü"] = "<&'\">" },
        Created = new DateTimeOffset(2026, 1, 5, 9, 0, 1, 120, TimeSpan.Zero),
        MemoryLimitMb = 512,
        AutoExpandMemory = false,
        MemoryCeilingMb = 1024,
        OnOom = OomAction.Rollback,
        Cpus = 1.5,
        PidsLimit = 64,
        DiskLimitMb = 128,
        DiskLimitKind = DiskLimitKind.Soft,
        Network = NetworkMode.None,
        RuntimeClass = "runc",
        User = "1000:1000",
        Name = "box",
        BaseSnapshot = SnapshotId.Parse("snap_000000000001"),
        Parent = new SandboxParent(SandboxId.Parse("sbx_000000000002"), SnapshotId.Parse("snap_000000000003")),
        LastUsed = new DateTimeOffset(2026, 1, 5, 9, 0, 2, TimeSpan.Zero),
        Expires = new DateTimeOffset(2026, 1, 5, 10, 0, 0, 999, TimeSpan.Zero),
    };

    private static string Masked(Answer answer) => Ids().Replace(answer.Body, m => m.Groups[1].Value + "*");

    [GeneratedRegex("((?:sbx|sid|snap|exec)_|sleigh-snapshot:)[0-9a-f]{12}")]
    private static partial Regex Ids();
}
