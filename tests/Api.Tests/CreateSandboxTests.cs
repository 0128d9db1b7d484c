using System.Text.Json;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 5: every field of the table.</summary>
public sealed class CreateSandboxTests
{
    [Theory]
    [InlineData("exec", AutoSnapshot.Exec)]
    [InlineData("off", null)]
    public async Task Automatic_snapshots_are_asked_for_and_shown_while_they_are_on(string word, AutoSnapshot? shown)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer made = await api.SendAsync("POST", "/sandboxes", $$"""{"auto_snapshot":"{{word}}"}""", api.Token());
        AutoSnapshot? asked = api.Sandboxes.LastSpec!.AutoSnapshot;
        await api.SendAsync("POST", "/sandboxes", "{}", api.Token());

        Assert.Equal((201, shown is not null), (made.Status, made.Names.Contains("auto_snapshot")));
        Assert.Equal(shown ?? AutoSnapshot.Off, asked);
        Assert.Null(api.Sandboxes.LastSpec!.AutoSnapshot);
    }

    [Theory]
    [InlineData("""{"image":"python:3.11-slim\n"}""", "image", "bad request: image is not an image name")]
    [InlineData("""{"image":"Not A Name"}""", "image", "bad request: image is not an image name")]
    [InlineData("""{"labels":{"":"v"}}""", "labels", "bad request: labels has a key that is not 1 to 128 characters long")]
    [InlineData("""{"memory_limit_mb":15}""", "memory_limit_mb", "bad request: memory_limit_mb is 15, must be at least 16, or 0 for the default")]
    [InlineData("""{"memory_limit_mb":1}""", "memory_limit_mb", "bad request: memory_limit_mb is 1, must be at least 16, or 0 for the default")]
    [InlineData("""{"image_pull_policy":"always"}""", "image_pull_policy", "image_pull_policy must be one of: wait, notify")]
    [InlineData("""{"image_pull_policy":""}""", "image_pull_policy", "image_pull_policy must be one of: wait, notify")]
    [InlineData("""{"name":""}""", "name", "bad request: name must be 1 to 63 of a-z, 0-9 and -, with no - at either end")]
    [InlineData("""{"name":"-a"}""", "name", null)]
    [InlineData("""{"name":"a-"}""", "name", null)]
    [InlineData("""{"name":"A"}""", "name", null)]
    [InlineData("""{"name":"a\n"}""", "name", null)]
    [InlineData("""{"cpus":0.04}""", "cpus", "bad request: cpus must be 0.05 to 4, or 0 for the default")]
    [InlineData("""{"cpus":4.01}""", "cpus", null)]
    [InlineData("""{"cpus":-1}""", "cpus", null)]
    [InlineData("""{"cpus":1e999}""", "cpus", null)]
    [InlineData("""{"pids_limit":15}""", "pids_limit", "bad request: pids_limit must be 16 to 65536, or 0 for the default")]
    [InlineData("""{"pids_limit":65537}""", "pids_limit", null)]
    [InlineData("""{"pids_limit":-1}""", "pids_limit", null)]
    [InlineData("""{"disk_limit_mb":63}""", "disk_limit_mb", "bad request: disk_limit_mb must be at least 64, or 0 for no limit")]
    [InlineData("""{"disk_limit_mb":-5}""", "disk_limit_mb", null)]
    [InlineData("""{"disk_limit_mb":2147483648}""", "disk_limit_mb", "bad request: disk_limit_mb must be at most 2147483647")]
    [InlineData("""{"network":"hosts"}""", "network", "bad request: network must be one of: none, bridge, host")]
    [InlineData("""{"network":{"mode":"restricted","allow":["example.org","*example.net"]}}""", "network.allow[1]", "bad request: network.allow[1] is '*example.net', must be an address or a network such as 203.0.113.0/24, with ports as in 203.0.113.7:443, 203.0.113.0/24:8000-8100 or [2001:db8::/32]:443; or a name such as example.org or *.example.net, with ports as in example.com:443; * stands for the whole of the first part, as in *.example.net, and nowhere else")]
    [InlineData("""{"network":{"mode":"restricted","allow":["b\u00fccher.example"]}}""", "network.allow[0]", null)]
    [InlineData("""{"network":{"mode":"restricted","allow":["10.0.0.1.2"]}}""", "network.allow[0]", null)]
    [InlineData("""{"network":{"mode":"open","allow":["example.org"]}}""", "network.allow", "bad request: network.allow counts only with network.mode restricted")]
    [InlineData("""{"network":{"mode":"open","deny":["example.org:443"]}}""", "network.deny[0]", "bad request: network.deny[0] is 'example.org:443': a denied name is not answered at all, and has no ports")]
    [InlineData("""{"user":""}""", "user", "bad request: user must be a user name, a uid, or uid:gid")]
    [InlineData("""{"user":"1:2:3"}""", "user", null)]
    [InlineData("""{"user":"-1"}""", "user", null)]
    [InlineData("""{"user":"1:"}""", "user", null)]
    [InlineData("""{"user":"root:0"}""", "user", null)]
    [InlineData("""{"user":"4294967296"}""", "user", null)]
    [InlineData("""{"user":"a b"}""", "user", null)]
    [InlineData("""{"env":{"1A":"x"}}""", "env", "bad request: env has a name that is not letters, digits and _ with no digit first")]
    [InlineData("""{"env":{"":"x"}}""", "env", null)]
    [InlineData("""{"env":{"A=B":"x"}}""", "env", null)]
    [InlineData("""{"env":{"A":"x\u0000y"}}""", "env", "bad request: env has a NUL character in the value of A")]
    [InlineData("""{"ttl_seconds":0}""", "ttl_seconds", "bad request: ttl_seconds must be 1 to 2147483647")]
    [InlineData("""{"ttl_seconds":-3}""", "ttl_seconds", null)]
    [InlineData("""{"ttl_seconds":9999999999999999999999}""", "ttl_seconds", null)]
    [InlineData("""{"runtime":"lxc"}""", "runtime", "bad request: runtime must be one of: runc, crun, runsc, kata")]
    [InlineData("""{"memory_ceiling_mb":255}""", "memory_ceiling_mb", "bad request: memory_ceiling_mb is 255, must be at least the memory limit, 256 MB")]
    [InlineData("""{"memory_ceiling_mb":0}""", "memory_ceiling_mb", "bad request: memory_ceiling_mb is 0, must be at least the memory limit, 256 MB")]
    [InlineData("""{"memory_ceiling_mb":-1}""", "memory_ceiling_mb", "bad request: memory_ceiling_mb is -1, must be at least the memory limit, 256 MB")]
    [InlineData("""{"memory_ceiling_mb":-9223372036854775809}""", "memory_ceiling_mb", "bad request: memory_ceiling_mb is -9223372036854775809, must be at least the memory limit, 256 MB")]
    [InlineData("""{"memory_limit_mb":512,"memory_ceiling_mb":511}""", "memory_ceiling_mb", "bad request: memory_ceiling_mb is 511, must be at least the memory limit, 512 MB")]
    [InlineData("""{"labels":{"sleigh.priority":"1001"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is '1001', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":"-1001"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is '-1001', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":"high"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is 'high', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":""}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is '', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":"1.0"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is '1.0', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":" 1"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is ' 1', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":"99999999999999999999"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is '99999999999999999999', must be an integer from -1000 to 1000")]
    [InlineData("""{"labels":{"sleigh.priority":"NaN"}}""", "labels.sleigh.priority", "bad request: labels.sleigh.priority is 'NaN', must be an integer from -1000 to 1000")]
    [InlineData("""{"memory_limit_mb":512,"memory_ceiling_mb":511}""", "memory_ceiling_mb", null)]
    [InlineData("""{"memory_ceiling_mb":0}""", "memory_ceiling_mb", null)]
    [InlineData("""{"on_oom":"kill"}""", "on_oom", "bad request: on_oom must be one of: report, rollback")]
    [InlineData("""{"auto_snapshot":"always"}""", "auto_snapshot", "bad request: auto_snapshot must be one of: off, exec")]
    [InlineData("""{"auto_snapshot":""}""", "auto_snapshot", "bad request: auto_snapshot must be one of: off, exec")]
    [InlineData("""{"snapshot_id":" "}""", "snapshot_id", "bad request: snapshot_id must not be blank")]
    [ContractLine("C6", Part = "bad values")]
    public async Task A_bad_value_is_400_with_its_field(string body, string field, string? error)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", body, api.Token());

        Assert.Equal(field, answer.Is(400, "invalid_argument", error).Detail("field"));
        Assert.Equal(0, api.Sandboxes.Creates);
    }

    [Theory]
    [InlineData("""{"disk_limit_mb":64,"network":"none"}""", "disk_limit_mb", "bad request: disk_limit_mb cannot be enforced on this host: no quotas: switch them on")]
    [InlineData("""{"network":"bridge"}""", "network", "bad request: network bridge is not available on this host: there is no CNI plugin bridge")]
    [InlineData(
        "{}", "network",
        "bad request: no network was named, and the default, bridge, is not available on this host: there is no CNI plugin bridge; sleighctl doctor says how to get it, and sandbox.network: none does without")]
    [InlineData("""{"runtime":"crun","network":"none"}""", "runtime", "bad request: runtime crun is not available on this host: crund is not installed")]
    [InlineData("""{"runtime":"runsc","network":"none"}""", "runtime", "bad request: runtime runsc is not available on this host: runscd is not installed")]
    [ContractLine("C6", Part = "what this host lacks")]
    public async Task What_the_host_cannot_give_is_400_unsupported_on_host(string body, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Host.DiskLimitUnavailable = "no quotas: switch them on";
        api.Host.NetworkUnavailable = "there is no CNI plugin bridge";

        Assert.Equal(field, (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Is(400, "unsupported_on_host", error).Detail("field"));
    }

    [Theory]
    [InlineData("""{"network":"none"}""", NetworkMode.Bridge)]
    [InlineData("{}", NetworkMode.None)]
    public async Task A_host_without_what_a_network_takes_has_sandboxes_with_loopback_alone(string body, NetworkMode normal)
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Sandbox = o.Sandbox with { Network = normal } });
        api.Host.NetworkUnavailable = "there is no CNI plugin bridge";

        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Status);
    }

    [Fact]
    public async Task The_allowed_words_stand_in_the_details()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", """{"on_oom":"x"}""", api.Token());

        Assert.Equal("""["report","rollback"]""", answer.Detail("allowed"));
    }

    [Theory]
    [InlineData(57_601, 57_600, null)]
    [InlineData(9_000_000_000, 57_600, null)]
    [InlineData(1025, 1024, 1024)]
    public async Task A_limit_above_the_budget_is_400_with_both_figures(long asked, int budget, int? maxMb)
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Memory = o.Memory with { MaxMb = maxMb } });

        Answer answer = (await api.SendAsync("POST", "/sandboxes", $$"""{"memory_limit_mb":{{asked}}}""", api.Token())).Is(400, "memory_over_budget");

        Assert.Equal($"{asked}", answer.Detail("requested_mb"));
        Assert.Equal($"{budget}", answer.Detail("budget_mb"));
    }

    [Theory]
    [InlineData("2147483648")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808")]
    [InlineData("123456789012345678901234567890")]
    public async Task A_limit_beyond_any_number_is_400_with_the_value_as_it_was_sent(string asked)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"memory_limit_mb":{{asked}}}""", api.Token());

        answer.Is(400, "memory_over_budget", $"bad request: memory_limit_mb {asked} is above the budget of 57600 MB");
        Assert.Equal(0, api.Sandboxes.Creates);
    }

    [Theory]
    [InlineData("1e400", ", not 1e400")]
    [InlineData("1E3", ", not 1E3")]
    [InlineData("-1e-400", ", not -1e-400")]
    [InlineData("256.0", ", not 256.0")]
    [InlineData("256.5", ", not 256.5")]
    [InlineData("0.1234567890123456789012345678901234567890123", ", not 0.12345678901234567890123456789012345678...")]
    [InlineData("\"256\"", "")]
    [InlineData("\"NaN\"", "")]
    [InlineData("true", "")]
    [InlineData("[256]", "")]
    public async Task A_limit_that_is_no_integer_is_400_with_the_rule_and_the_number(string sent, string shown)
    {
        await using TestApi api = await TestApi.StartAsync();

        foreach (string field in (string[])["memory_limit_mb", "memory_ceiling_mb"])
        {
            Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"{{field}}":{{sent}}}""", api.Token());

            Assert.Equal(field, answer.Is(400, "invalid_json", $"invalid json: field {field} must be an integer{shown}").Detail("field"));
        }

        Assert.Equal(0, api.Sandboxes.Creates);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("0x100")]
    [InlineData("+256")]
    [InlineData("0256")]
    public async Task What_JSON_does_not_know_as_a_number_is_400(string sent)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"memory_limit_mb":{{sent}}}""", api.Token());

        answer.Is(400, "invalid_json");
        Assert.StartsWith("invalid json: malformed at line 1, byte 2", answer.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("-9223372036854775809")]
    [InlineData("null")]
    public async Task No_limit_or_one_below_one_is_the_default(string sent)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"memory_limit_mb":{{sent}}}""", api.Token());

        Assert.Equal(201, answer.Status);
        Assert.Null(api.Sandboxes.LastSpec!.MemoryLimitMb);
    }

    [Theory]
    [InlineData("57601")]
    [InlineData("9223372036854775808")]
    public async Task A_ceiling_above_the_default_is_lowered_to_it(string sent)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"memory_ceiling_mb":{{sent}}}""", api.Token());

        Assert.Equal(201, answer.Status);
        Assert.Equal(57_600, api.Sandboxes.LastSpec!.MemoryCeilingMb);
    }

    [Theory]
    [InlineData("-1000")]
    [InlineData("1000")]
    [InlineData("+5")]
    [InlineData("0")]
    public async Task A_priority_in_range_is_kept_as_a_label(string priority)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$$"""{"labels":{"sleigh.priority":"{{{priority}}}"}}""", api.Token());

        Assert.Equal(201, answer.Status);
        Assert.Equal(priority, answer.Root.GetProperty("labels").GetProperty("sleigh.priority").GetString());
    }

    [Fact]
    public async Task A_fork_takes_no_memory_of_its_own()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        foreach (string field in (string[])["memory_limit_mb", "memory_ceiling_mb", "auto_expand_memory"])
        {
            (await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", $$"""{"{{field}}":8}""", token)).Is(400, "unknown_field", $"bad request: unknown field {field}");
        }
    }

    [Fact]
    public async Task Every_field_reaches_the_runtime_as_it_was_sent()
    {
        await using TestApi api = await TestApi.StartAsync();
        string body = """
            {"image":"base","labels":{"task":"42","session_id":"forged"},"memory_limit_mb":512,"confirm_low_memory":true,
             "auto_expand_memory":false,"image_pull_policy":"NOTIFY","name":"a-1","cpus":1.5,"pids_limit":16,"disk_limit_mb":64,"network":"none",
             "user":"1000:1000","env":{"A_1":"x y"},"ttl_seconds":60,"runtime":"runc","memory_ceiling_mb":99999999,"on_oom":"rollback"}
            """;

        Answer answer = await api.SendAsync("POST", "/sandboxes", body, api.Token());

        Assert.True(answer.Status == 201, answer.Body);
        SandboxSpec spec = api.Sandboxes.LastSpec!;
        Assert.Equal("base", spec.Image);
        Assert.Equal(new Dictionary<string, string> { ["task"] = "42" }, spec.Labels);
        Assert.Equal(512, spec.MemoryLimitMb);
        Assert.True(spec.ConfirmLowMemory);
        Assert.False(spec.AutoExpandMemory);
        Assert.True(spec.NotifyInsteadOfPull);
        Assert.Equal("a-1", spec.Name);
        Assert.Equal(1.5, spec.Cpus);
        Assert.Equal(16, spec.PidsLimit);
        Assert.Equal(64, spec.DiskLimitMb);
        Assert.Equal(NetworkMode.None, spec.Network);
        Assert.Equal("1000:1000", spec.User);
        Assert.Equal("x y", spec.Env["A_1"]);
        Assert.Equal(TimeSpan.FromSeconds(60), spec.Ttl);
        Assert.Equal("runc", spec.RuntimeClass);
        Assert.Equal(57_600, spec.MemoryCeilingMb);
        Assert.Equal(OomAction.Rollback, spec.OnOom);
        Assert.NotEqual("forged", answer.Root.GetProperty("labels").GetProperty("session_id").GetString());
    }

    [Fact]
    public async Task What_is_not_sent_or_zero_is_left_to_the_runtime()
    {
        await using TestApi api = await TestApi.StartAsync();

        await api.SendAsync(
            "POST", "/sandboxes", """{"image":" ","memory_limit_mb":-4,"cpus":0,"pids_limit":0,"disk_limit_mb":0}""", api.Token());

        // No limit is said: one of a snapshot is not taken over then.
        Assert.Equal(new SandboxSpec { Labels = api.Sandboxes.LastSpec!.Labels, Env = api.Sandboxes.LastSpec.Env, Secrets = api.Sandboxes.LastSpec.Secrets, DiskLimitMb = 0 }, api.Sandboxes.LastSpec);
        Assert.Empty(api.Sandboxes.LastSpec.Labels);
    }

    [Theory]
    [InlineData("""{"auto_expand_memory":true}""", true, "true")]
    [InlineData("""{"auto_expand_memory":true,"labels":{"auto_expand_memory":"no"}}""", true, "true")]
    [InlineData("""{"auto_expand_memory":false,"labels":{"auto_expand_memory":"true"}}""", false, null)]
    [InlineData("""{"labels":{"auto_expand_memory":"TRUE"}}""", true, "TRUE")]
    [InlineData("""{"labels":{"auto_expand_memory":"False"}}""", false, "False")]
    [InlineData("""{"labels":{"auto_expand_memory":"maybe"}}""", null, "maybe")]
    [InlineData("""{}""", null, null)]
    [ContractLine("C5", Part = "flag and label")]
    public async Task The_growth_flag_beats_the_label_and_the_label_beats_the_default(string body, bool? growth, string? label)
    {
        await using TestApi api = await TestApi.StartAsync();

        await api.SendAsync("POST", "/sandboxes", body, api.Token());

        Assert.Equal(growth, api.Sandboxes.LastSpec!.AutoExpandMemory);
        Assert.Equal(label, api.Sandboxes.LastSpec.Labels.GetValueOrDefault("auto_expand_memory"));
    }

    [Fact]
    public async Task Labels_and_env_have_limits_in_number_and_length()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        async Task<Answer> Try(string field, Dictionary<string, string> values) =>
            await api.SendAsync("POST", "/sandboxes", $$"""{"{{field}}":{{JsonSerializer.Serialize(values)}}}""", token);
        Dictionary<string, string> Many(int count) => Enumerable.Range(0, count).ToDictionary(i => $"k{i}", _ => "v");

        Assert.Equal(201, (await Try("labels", Many(64))).Status);
        (await Try("labels", Many(65))).Is(400, "invalid_argument", "bad request: labels may hold at most 64 labels");
        Assert.Equal(201, (await Try("labels", new(Many(64)) { ["session_id"] = "x" })).Status);
        Assert.Equal(201, (await Try("labels", new() { [new string('k', 128)] = string.Concat(Enumerable.Repeat("😀", 1024)) })).Status);
        (await Try("labels", new() { [new string('k', 129)] = "" })).Is(400, "invalid_argument");
        (await Try("labels", new() { ["k"] = new string('v', 1025) })).Is(400, "invalid_argument");
        Assert.Equal(201, (await Try("env", Many(128))).Status);
        (await Try("env", Many(129))).Is(400, "invalid_argument");
        Assert.Equal(201, (await Try("env", new() { ["A"] = new string('v', 65_535) })).Status);
        (await Try("env", new() { ["A"] = new string('v', 65_536) })).Is(400, "invalid_argument", "bad request: env may hold at most 65536 bytes in all");
    }

    [Fact]
    public async Task Notify_without_the_image_is_409_with_three_keys_at_top_level()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync(
            "POST", "/sandboxes", """{"image":"node:20","image_pull_policy":"notify"}""", api.Token(), ("X-Request-Id", "r1"));

        answer.Is(409, "image_pull_needed");
        Assert.Equal(
            """{"error":"image \"node:20\" is not cached on host and needs pull","code":"image_pull_needed","image_pull_needed":true,"resolved_image":"node:20","next_action":"retry create_sandbox with image_pull_policy=wait to perform pull","request_id":"r1"}""",
            answer.Body);
    }

    [Fact]
    [ContractLine("C2", Part = "the key of a slow look-up")]
    public async Task A_slow_look_up_adds_a_key_and_the_default_image_is_named()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Fail = new RuntimeException(
            ErrorKind.ImagePullNeeded, "image cache check for \"python:3.11-slim\" timed out; treating image pull as needed")
        {
            Details = new Dictionary<string, object> { ["cache_check_timed_out"] = true },
        };

        Answer answer = (await api.SendAsync("POST", "/sandboxes", """{"image_pull_policy":"notify"}""", token)).Is(409, "image_pull_needed");

        Assert.Equal(["error", "code", "image_pull_needed", "resolved_image", "next_action", "cache_check_timed_out", "request_id"], answer.Names);
        Assert.Equal("python:3.11-slim", answer.Text("resolved_image"));
    }

    [Fact]
    public async Task A_create_that_pulled_says_so_and_for_how_long()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Sandboxes.Pull = TimeSpan.FromMilliseconds(1500.2);

        string token = api.Token();
        Answer pulled = await api.SendAsync("POST", "/sandboxes", "{}", token);
        Answer seen = await api.SendAsync("GET", $"/sandboxes/{pulled.Text("sandbox_id")}", null, token);
        api.Sandboxes.Pull = null;
        Answer plain = await api.SendAsync("POST", "/sandboxes", "{}", api.Token());

        Assert.Contains("""_ms":18,"image_pull_triggered":true,"image_pull_status":"completed","image_pull_duration_ms":1501,"session_id":""", pulled.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("image_pull", seen.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("image_pull", plain.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_that_takes_too_long_is_504()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Sandboxes.Fail = new RuntimeException(ErrorKind.ImagePullTimeout, "image pull timed out")
        {
            Details = new Dictionary<string, object> { ["image"] = "node:20", ["timeout_seconds"] = 120 },
        };

        Answer answer = (await api.SendAsync("POST", "/sandboxes", """{"image":"node:20"}""", api.Token())).Is(504, "image_pull_timeout");

        Assert.Contains("""{"image":"node:20","timeout_seconds":120}""", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_that_fails_is_502()
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync("POST", "/sandboxes", """{"image":"node:20"}""", api.Token())).Is(502, "image_pull_failed");
    }

    [Fact]
    public async Task A_name_in_use_is_409_and_tells_by_whom()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        Answer first = await api.SendAsync("POST", "/sandboxes", """{"name":"a"}""", token);

        Answer second = (await api.SendAsync("POST", "/sandboxes", """{"name":"a"}""", token)).Is(409, "name_in_use");

        Assert.Equal(first.Text("sandbox_id"), second.Detail("sandbox_id"));
        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", """{"name":"a"}""", api.Token())).Status);
    }

    [Fact]
    public async Task A_create_from_a_snapshot_needs_one_of_the_same_session()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Answer snapshot = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token);
        string id = snapshot.Text("id");

        Answer fine = await api.SendAsync("POST", "/sandboxes", $$"""{"snapshot_id":"{{id}}","image":"base"}""", token);

        Assert.True(fine.Status == 201, fine.Body);
        Assert.Equal(id, api.Sandboxes.LastSpec!.Snapshot.ToString());
        Assert.Equal("python:3.11-slim", fine.Text("image"));
        (await api.SendAsync("POST", "/sandboxes", """{"snapshot_id":"snap_00000000ffff"}""", token))
            .Is(404, "snapshot_not_found", "resource not found: snapshot snap_00000000ffff");
        (await api.SendAsync("POST", "/sandboxes", """{"snapshot_id":"latest"}""", token))
            .Is(404, "snapshot_not_found", "resource not found: snapshot latest");
        (await api.SendAsync("POST", "/sandboxes", $$"""{"snapshot_id":"{{id}}"}""", api.Token()))
            .Is(403, "forbidden", $"forbidden: {id} belongs to another session");
        (await api.SendAsync("POST", "/sandboxes", $$"""{"snapshot_id":"{{id}}","memory_ceiling_mb":255}""", token))
            .Is(400, "invalid_argument", "bad request: memory_ceiling_mb is 255, must be at least the memory limit, 256 MB");
    }

    [Fact]
    public async Task Lists_hold_the_sandboxes_of_the_session_alone()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        await api.SandboxAsync();

        Answer list = await api.SendAsync("GET", $"/sandboxes?session_token={token}");

        JsonElement item = Assert.Single(list.Root.GetProperty("items").EnumerateArray());
        Assert.Equal(sandbox, item.GetProperty("sandbox_id").GetString());
        Assert.Equal("""{"items":[]}""", (await api.SendAsync("GET", "/sandboxes", null, api.Token())).Body);
    }

    [Fact]
    public async Task A_second_delete_is_404()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer gone = await api.SendAsync("DELETE", $"/sandboxes/{sandbox}?session_token={token}");

        Assert.Equal(204, gone.Status);
        Assert.Equal("", gone.Body);
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, token)).Is(404, "not_found", $"resource not found: sandbox {sandbox}");
    }
}
