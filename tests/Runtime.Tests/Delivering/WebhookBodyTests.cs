using System.Security.Cryptography;
using System.Text;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>What is sent, and how it is signed.</summary>
public sealed class WebhookBodyTests
{
    private static readonly Exec Failed = new()
    {
        Id = ExecId.Parse("exec_000000000001"), Sandbox = SandboxId.Parse("sbx_000000000001"), Session = SessionId.Parse("sid_000000000001"),
        Status = ExecStatus.Failed, ExitCode = 1, Error = "command exited with status 1",
        Started = new DateTimeOffset(2026, 1, 5, 9, 5, 0, 999, TimeSpan.Zero), Completed = new DateTimeOffset(2026, 1, 5, 9, 5, 1, TimeSpan.Zero),
        Recovery = "not told", StdoutBytes = 7,
    };

    [Fact]
    public void The_body_is_compact_with_sorted_keys_and_nothing_that_does_not_apply()
    {
        Assert.Equal(
            """{"payload":{"command":"echo \"é\"","completed_at":"2026-01-05T09:05:01Z","error":"command exited with status 1","exec_id":"exec_000000000001","exec_status":"failed","exit_code":1,"sandbox_id":"sbx_000000000001","started_at":"2026-01-05T09:05:00Z"},"status":"err"}""",
            Text(Failed, "echo \"é\""));
        Assert.Equal(
            """{"payload":{"command":"true","completed_at":"2026-01-05T09:05:01Z","exec_id":"exec_000000000001","exec_status":"succeeded","exit_code":0,"sandbox_id":"sbx_000000000001","started_at":"2026-01-05T09:05:00Z"},"status":"ok"}""",
            Text(Failed with { Status = ExecStatus.Succeeded, ExitCode = 0, Error = null }, "true"));
    }

    [Fact]
    [ContractLine("W4", Part = "statuses")]
    public void Timeout_is_for_the_commands_own_time_limit_and_a_cancel_is_an_error()
    {
        string timeout = Text(Failed with { TimedOut = true, ExitCode = null, Error = "command timed out after 1s and was stopped" }, "sleep 9");

        Assert.Contains("\"exec_status\":\"failed\",\"sandbox_id\"", timeout, StringComparison.Ordinal);
        Assert.EndsWith("\"timed_out\":true},\"status\":\"timeout\"}", timeout, StringComparison.Ordinal);
        Assert.EndsWith("\"exec_status\":\"cancelled\",\"exit_code\":143,\"sandbox_id\":\"sbx_000000000001\",\"started_at\":\"2026-01-05T09:05:00Z\"},\"status\":\"err\"}",
            Text(Failed with { Status = ExecStatus.Cancelled, ExitCode = 143, Error = null }, "sleep 9"), StringComparison.Ordinal);
    }

    [Fact]
    [ContractLine("W4", Part = "a long error")]
    public void A_long_error_is_cut() => Assert.Contains(
        "\"error\":\"...(truncated webhook field: omitted 2 runes, showing last 4096)\\nxxx", Text(Failed with { Error = "ab" + new string('x', 4096) }, ""), StringComparison.Ordinal);

    [Fact]
    [ContractLine("W1", Part = "signature")]
    public void The_signature_is_that_of_an_independent_HMAC()
    {
        byte[] body = WebhookBody.Of(Failed, "x");

        // Computed by the RFC's construction, without the HMAC of the library.
        byte[] key = new byte[64];
        "my secret"u8.CopyTo(key);
        byte[] inner = SHA256.HashData([.. key.Select(b => (byte)(b ^ 0x36)), .. "1767603900."u8, .. body]);
        string expected = "sha256=" + Convert.ToHexStringLower(SHA256.HashData([.. key.Select(b => (byte)(b ^ 0x5c)), .. inner]));

        Assert.Equal(expected, WebhookSignature.Of("my secret", 1767603900, body));
    }

    private static string Text(Exec exec, string command) => Encoding.UTF8.GetString(WebhookBody.Of(exec, command));
}
