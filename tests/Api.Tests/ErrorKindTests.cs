using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

public sealed class ErrorKindTests
{
    public static TheoryData<ErrorKind> Kinds() => [.. Enum.GetValues<ErrorKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_has_a_status_and_a_code_and_reaches_the_caller(ErrorKind kind)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.AnyCode = true;
        string token = api.Token();
        api.Sandboxes.Fail = new RuntimeException(kind, "one sentence");

        Answer answer = await api.SendAsync("POST", "/sandboxes", "{}", token);

        (int status, string code) = ErrorKinds.Map(kind);
        answer.Is(status, code, "one sentence");
        Assert.InRange(status, 400, 599);
        Assert.Matches("^[a-z_]+$", code);
    }

    [Theory]
    [InlineData(ErrorKind.InvalidArgument, 400, "invalid_argument")]
    [InlineData(ErrorKind.PathNotAllowed, 400, "path_not_allowed")]
    [InlineData(ErrorKind.BadRequest, 400, "bad_request")]
    [InlineData(ErrorKind.UnsupportedOnHost, 400, "unsupported_on_host")]
    [InlineData(ErrorKind.MemoryOverBudget, 400, "memory_over_budget")]
    [InlineData(ErrorKind.PortNotListening, 503, "port_not_listening")]
    [InlineData(ErrorKind.PortUnreachable, 500, "port_unreachable")]
    [InlineData(ErrorKind.Forbidden, 403, "forbidden")]
    [InlineData(ErrorKind.NotFound, 404, "not_found")]
    [InlineData(ErrorKind.SnapshotNotFound, 404, "snapshot_not_found")]
    [InlineData(ErrorKind.NameInUse, 409, "name_in_use")]
    [InlineData(ErrorKind.SandboxBusy, 409, "sandbox_busy")]
    [InlineData(ErrorKind.NothingToUndo, 409, "nothing_to_undo")]
    [InlineData(ErrorKind.IdempotencyConflict, 409, "idempotency_conflict")]
    [InlineData(ErrorKind.ImagePullNeeded, 409, "image_pull_needed")]
    [InlineData(ErrorKind.LowMemoryConfirmationRequired, 409, "low_memory_confirmation_required")]
    [InlineData(ErrorKind.QuotaExceeded, 429, "quota_exceeded")]
    [InlineData(ErrorKind.RateLimited, 429, "rate_limited")]
    [InlineData(ErrorKind.SandboxStartFailed, 500, "sandbox_start_failed")]
    [InlineData(ErrorKind.SnapshotFailed, 500, "snapshot_failed")]
    [InlineData(ErrorKind.RollbackFailed, 500, "rollback_failed")]
    [InlineData(ErrorKind.ImagePullFailed, 502, "image_pull_failed")]
    [InlineData(ErrorKind.ImagePullTimeout, 504, "image_pull_timeout")]
    [InlineData(ErrorKind.HostMemoryLow, 503, "host_memory_low")]
    [InlineData(ErrorKind.EngineUnavailable, 503, "engine_unavailable")]
    [InlineData(ErrorKind.ShuttingDown, 503, "shutting_down")]
    [InlineData(ErrorKind.DiskFull, 507, "disk_full")]
    public void The_codes_of_the_contract_keep_their_status(ErrorKind kind, int status, string code) =>
        Assert.Equal((status, code), ErrorKinds.Map(kind));
}
