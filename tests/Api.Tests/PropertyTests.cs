using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>Whatever a body holds, the answer is a reply of the contract: never a 500, never a hang.</summary>
public sealed class PropertyTests
{
    private static readonly string[] Names =
    [
        "session_token", "image", "labels", "memory_limit_mb", "confirm_low_memory", "auto_expand_memory", "image_pull_policy", "name", "cpus",
        "pids_limit", "disk_limit_mb", "network", "user", "env", "ttl_seconds", "runtime", "memory_ceiling_mb", "on_oom", "snapshot_id", "command",
        "argv", "wait_timeout_seconds", "webhook_url", "timeout_seconds", "cwd", "stdin", "comment", "count", "auto_expand", "unknown",
        "sandbox_path", "write_mode", "old_text", "new_text", "before_context", "after_context", "occurrence", "content", "build_language",
        "post_exec_command", "post_exec_wait_timeout_seconds", "max_output_bytes", "max_lines", "revert_on_failure",
    ];

    private static readonly string[] Atoms =
    [
        "null", "true", "false", "0", "-0", "1", "-1", "16", "64", "256", "1e2", "1.5", "1e999", "-1e999", "99999999999999999999", "2147483648",
        "\"\"", "\" \"", "\"a\"", "\"true\"", "\"notify\"", "\"bridge\"", "\"none\"", "\"runc\"", "\"/tmp\"", "\"1000:1000\"", "\"\\u0000\"",
        "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"é\"", "\"snap_000000000000\"", "[]", "{}", "[\"a\"]", "[\"\"]", "[1]", "{\"A\":\"b\"}",
        "{\"A\":null}", "{\"\":\"\"}", "{\"auto_expand_memory\":\"TRUE\"}", "[[[[]]]]", "{\"a\":{\"b\":{}}}",
    ];

    // Members that pass, or nearly do, so that bodies get past the first check.
    private static readonly string[] Fitting =
    [
        "\"image\":\"base\"", "\"image\":\"node:20\"", "\"labels\":{\"a\":\"b\"}", "\"memory_limit_mb\":64", "\"confirm_low_memory\":true",
        "\"auto_expand_memory\":false", "\"image_pull_policy\":\"notify\"", "\"name\":\"a-b\"", "\"cpus\":1.5", "\"pids_limit\":16",
        "\"disk_limit_mb\":0", "\"network\":\"none\"", "\"user\":\"0:0\"", "\"env\":{\"A\":\"\"}", "\"ttl_seconds\":1", "\"runtime\":\"runc\"",
        "\"memory_ceiling_mb\":512", "\"on_oom\":\"rollback\"", "\"snapshot_id\":\"snap_000000000000\"", "\"command\":\"true\"", "\"argv\":[\"a\"]",
        "\"webhook_url\":\"x\"", "\"timeout_seconds\":5", "\"cwd\":\"/\"", "\"stdin\":\"\"", "\"comment\":\"c\"", "\"count\":2", "\"auto_expand\":true",
        "\"sandbox_path\":\"/a/b\"", "\"sandbox_path\":\"/a/b\"", "\"write_mode\":\"rewrite\"", "\"old_text\":\"a\"", "\"new_text\":\"\"", "\"content\":\"x\"",
        "\"occurrence\":2", "\"build_language\":\"ts\"", "\"revert_on_failure\":true", "\"post_exec_command\":\"true\"", "\"max_lines\":1",
        "\"args\":[\"-n\"]", "\"max_lines\":1", "\"steps\":[{\"action\":\"create\"},{\"action\":\"exec\",\"command\":\"ls\"},{\"action\":\"snapshot\"}]",
    ];

    private static readonly Gen<string> Member = Gen.Frequency(
        (20, Gen.Elements(Fitting)),
        (1, from name in Gen.Elements(Names) from atom in Gen.Elements(Atoms) select $"\"{name}\":{atom}"));

    private static readonly Gen<string> Objects =
        from count in Gen.Choose(0, 9)
        from members in Gen.ArrayOf(Member, count)
        select "{" + string.Join(",", members) + "}";

    // A whole object with a piece cut off, put in twice, or with bytes changed.
    private static readonly Gen<byte[]> Texts =
        from text in Objects
        from at in Gen.Choose(0, 200)
        from what in Gen.Choose(0, 12)
        from noise in Gen.Choose(0, 255)
        select Bend(Encoding.UTF8.GetBytes(text), at, what, (byte)noise);

    [Fact]
    public async Task No_body_brings_a_500()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string[] paths =
        [
            "/sandboxes", $"/sandboxes/{sandbox}/exec", $"/sandboxes/{sandbox}/snapshots", $"/sandboxes/{sandbox}/rollback", $"/sandboxes/{sandbox}/fork",
            $"/sandboxes/{sandbox}/ops/code/write",
            $"/sandboxes/{sandbox}/ops/read", "/workflow/run",
        ];

        HashSet<int> seen = [];
        foreach (byte[] body in Texts.Sample(400, new Rnd(20_260_105UL), 20))
        {
            foreach (string path in paths)
            {
                using HttpRequestMessage request = new(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
                request.Headers.Add("X-Session-Token", token);
                Answer answer = await api.SendAsync(request).WaitAsync(TimeSpan.FromSeconds(10));
                Assert.True(answer.Status is 200 or 201 or 202 or 400 or 401 or 404 or 409 or 502, $"{path} {Encoding.UTF8.GetString(body)}: {answer.Body}");
                seen.Add(answer.Status);
                if (answer.Status >= 400)
                {
                    Assert.Equal(answer.Headers["X-Request-Id"], answer.Text("request_id"));
                }
            }
        }

        Assert.Superset(new HashSet<int> { 201, 202, 400, 404 }, seen);
    }

    [Fact]
    public void Any_text_is_a_request_or_an_error_of_the_contract()
    {
        RequestLimits limits = new(57_600, 4, null, () => null, _ => null, ["runc"], _ => null, new SleighOptions());

        foreach (byte[] body in Texts.Sample(20_000, new Rnd(7UL), 30))
        {
            try
            {
                using System.Text.Json.JsonDocument document = JsonBody.Parse(body);
                BodyFields fields = new(document.RootElement);
                CreateSandboxRequest create = CreateSandboxRequest.Read(fields);
                ExecRequest exec = ExecRequest.Read(fields);
                Assert.Equal(64, CanonicalJson.Fingerprint("/", document.RootElement).Length);
                create.ToSpec(limits);
                exec.ToSpec();
                CodeWriteRequest.Read(fields).ToSpec();
            }
            catch (ApiException refused)
            {
                Assert.Equal(400, refused.Error.Status);
            }
        }
    }

    [Fact]
    public void What_passes_keeps_the_ranges_of_the_contract()
    {
        RequestLimits limits = new(1000, 4, null, () => null, _ => null, ["runc"], _ => null, new SleighOptions());
        Gen<(long, long, double)> values =
            from memory in Gen.Choose(-50, 1100)
            from pids in Gen.Choose(-5, 70_000)
            from cpus in Gen.Choose(-10, 500)
            select ((long)memory, (long)pids, cpus / 100.0);

        foreach ((long memory, long pids, double cpus) in values.Sample(5000, new Rnd(11UL), 10))
        {
            string body = string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{{\"memory_limit_mb\":{memory},\"pids_limit\":{pids},\"cpus\":{cpus}}}");
            using System.Text.Json.JsonDocument document = JsonBody.Parse(Encoding.UTF8.GetBytes(body));
            bool valid = (memory <= 0 || memory is >= 16 and <= 1000) && (pids == 0 || pids is >= 16 and <= 65_536) && (cpus == 0 || cpus is >= 0.05 and <= 4);
            try
            {
                Runtime.SandboxSpec spec = CreateSandboxRequest.Read(new BodyFields(document.RootElement)).ToSpec(limits);
                Assert.True(valid, body);
                Assert.True(spec.MemoryLimitMb is null or (>= 16 and <= 1000));
            }
            catch (ApiException)
            {
                Assert.False(valid, body);
            }
        }
    }

    private static byte[] Bend(byte[] text, int at, int what, byte noise)
    {
        at = Math.Min(at, text.Length);
        return what switch
        {
            0 => text[..at],
            1 => [.. text, .. text[at..]],
            2 => [.. text[..at], noise, .. text[at..]],
            _ => text,
        };
    }
}
