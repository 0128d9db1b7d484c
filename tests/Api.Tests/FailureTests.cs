using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Failures below the API reach the caller of the endpoint that met them, with status, code and text.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData("/sandboxes", ErrorKind.LowMemoryConfirmationRequired, 409, "low_memory_confirmation_required", "host memory available ratio 12.00% is below 15%; resend with confirm_low_memory=true to continue")]
    [InlineData("/sandboxes", ErrorKind.HostMemoryLow, 503, "host_memory_low", "host memory available ratio 9.50% is below 10%; sandbox creation is blocked")]
    [InlineData("/sandboxes", ErrorKind.SandboxStartFailed, 500, "sandbox_start_failed", "the sandbox could not be started")]
    [InlineData("/sandboxes", ErrorKind.DiskFull, 507, "disk_full", "the data disk is full")]
    [InlineData("/sandboxes", ErrorKind.QuotaExceeded, 429, "quota_exceeded", "the session has all the sandboxes it may have")]
    [InlineData("/sandboxes/{S}/snapshots", ErrorKind.SnapshotFailed, 500, "snapshot_failed", "the snapshot was not taken and nothing has changed")]
    [InlineData("/sandboxes/{S}/snapshots", ErrorKind.DiskFull, 507, "disk_full", "the data disk is full")]
    [InlineData("/sandboxes/{S}/rollback", ErrorKind.RollbackFailed, 500, "rollback_failed", "the rollback was not done and nothing has changed")]
    [InlineData("/sandboxes/{S}/fork", ErrorKind.SandboxStartFailed, 500, "sandbox_start_failed", "a fork could not be started, so none was made")]
    [InlineData("/sandboxes/{S}/exec", ErrorKind.SandboxStartFailed, 500, "sandbox_start_failed", "the sandbox could not be started")]
    [InlineData("/sandboxes/{S}/exec", ErrorKind.EngineUnavailable, 503, "engine_unavailable", "the container engine does not answer")]
    [InlineData("/sandboxes/{S}/environment/copy", ErrorKind.CopyFailed, 500, "copy_failed", "copy environment directory failed: bin: the sandbox has a symbolic link there")]
    [ContractLine("C3", Part = "statuses of the guard")]
    public async Task A_failure_has_its_status_code_and_text(string path, ErrorKind kind, int status, string code, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        RuntimeException failure = new(kind, error) { Details = new Dictionary<string, object> { ["available_ratio"] = 0.12 } };
        (api.Sandboxes.Fail, api.Execs.Fail, api.Environments.Fail) = (failure, failure, failure);

        string body = path.Split('/')[^1] switch
        {
            "exec" => """{"command":"true"}""",
            "rollback" => """{"snapshot_id":"snap_000000000000"}""",
            "copy" => """{"environment_path":"/env","sandbox_path":"/opt"}""",
            _ => "{}",
        };
        Answer answer = await api.SendAsync("POST", path.Replace("{S}", sandbox, StringComparison.Ordinal), body, token);

        answer.Is(status, code, error);
    }

    [Fact]
    public async Task A_command_that_is_not_for_reading_is_refused_with_the_list()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/ops/read", """{"command":"sort"}""", token);

        Assert.Contains("\"grep\"", answer.Is(400, "unsupported_read_command", "unsupported read command").Detail("allowed"), StringComparison.Ordinal);
    }
}
