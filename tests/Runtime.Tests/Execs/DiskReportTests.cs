using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.Runtime.Tests.Execs;

public sealed class DiskReportTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(1, 64, 62.5, 0, true)]
    [InlineData(1, 64, 60, 2.5, true)]
    [InlineData(1, 64, 62, 0, false)]
    [InlineData(1, 64, 70, 0, true)]
    [InlineData(137, 1000, 991, 0, true)]
    [InlineData(1, 1000, 989, 0, false)]
    [InlineData(0, 64, 64, 0, false)]
    [InlineData(null, 64, 64, 0, false)]
    public void A_failure_near_the_limit_is_reported(int? exitCode, long limit, double used, double reserved, bool told)
    {
        LayerUse use = new((long)(used * MiB), 0, (long)(reserved * MiB), limit * MiB);

        Assert.Equal(told, DiskReport.Of(Ended(exitCode), use) is not null);
    }

    [Fact]
    public void Without_a_limit_or_figures_there_is_nothing_to_say()
    {
        Assert.Null(DiskReport.Of(Ended(1), new LayerUse(64 * MiB, null, 0, null)));
        Assert.Null(DiskReport.Of(Ended(1), null));
    }

    [Fact]
    public void It_says_what_to_do() => Assert.Equal(
        new DiskReport(
            64 * MiB, 64 * MiB,
            "the sandbox is at its disk limit of 64 MB, and writes fail with EDQUOT; delete files that it has written, or use a sandbox with a higher disk_limit_mb"),
        DiskReport.Of(Ended(1), new LayerUse(63 * MiB, null, MiB, 64 * MiB)));

    [Fact]
    public void It_names_what_a_write_fails_with() => Assert.Contains(
        "and writes fail with ENOSPC;", DiskReport.Of(Ended(1), new LayerUse(64 * MiB, null, 0, 64 * MiB) { FullErrno = Errno.ENOSPC })!.Advice, StringComparison.Ordinal);

    [Theory]
    [InlineData(63.9, false)]
    [InlineData(64, true)]
    public void At_a_soft_limit_it_says_that_commands_are_ended(double used, bool told)
    {
        DiskReport? report = DiskReport.Of(Ended(137), new LayerUse((long)(used * MiB), null, 0, 64 * MiB) { IsSoft = true });

        Assert.Equal(
            told
                ? "the sandbox is at its disk limit of 64 MB, and its commands are ended, as the limit is soft on this host; delete files over the API, roll back, or use a sandbox with a higher disk_limit_mb"
                : null,
            report?.Advice);
    }

    [Theory]
    [InlineData(16384, true)]
    [InlineData(16222, true)]
    [InlineData(16221, false)]
    public void A_sandbox_that_has_no_more_files_is_told_so(long files, bool told)
    {
        LayerUse use = new(20 * MiB, null, 0, 64 * MiB) { Files = files, LimitFiles = 16384 };

        Assert.Equal(
            told
                ? $"the sandbox has {files} of the 16384 files that its disk limit of 64 MB allows, and to make more fails with EDQUOT; delete files that it has made, or use a sandbox with a higher disk_limit_mb"
                : null,
            DiskReport.Of(Ended(1), use)?.Advice);
    }

    private static Exec Ended(int? exitCode) => new()
    {
        Id = ExecId.New(), Sandbox = SandboxId.New(), Session = SessionId.New(), Status = ExecStatus.Failed, Started = DateTimeOffset.UnixEpoch, ExitCode = exitCode,
    };
}
