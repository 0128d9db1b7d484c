using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class ExaminationTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Findings_come_in_the_order_of_the_checks_under_their_names()
    {
        IReadOnlyList<DoctorCheck> checks = await RunAsync(
            Long,
            new HostCheck("slow", () =>
            {
                Thread.Sleep(50);
                return Finding.Warn("late", "hurry");
            }),
            new HostCheck("quick", () => Finding.Ok("fine")));

        Assert.Equal([new DoctorCheck("slow", "warn", "late", "hurry"), new DoctorCheck("quick", "ok", "fine", null)], checks);
    }

    [Fact]
    public async Task A_check_that_throws_is_a_warning_with_the_reason_and_spoils_no_other()
    {
        IReadOnlyList<DoctorCheck> checks = await RunAsync(
            Long, new HostCheck("broken", () => throw new FormatException("no 'MemTotal' line in ''")), new HostCheck("whole", () => Finding.Ok("fine")));

        Assert.Equal(
            [new DoctorCheck("broken", "warn", "could not be examined: no 'MemTotal' line in ''", null), new DoctorCheck("whole", "ok", "fine", null)], checks);
    }

    [Fact]
    public async Task A_check_that_hangs_is_a_warning_and_is_not_begun_a_second_time()
    {
        using ManualResetEventSlim hold = new();
        int begun = 0;
        HostCheck check = new("stuck mount", () =>
        {
            Interlocked.Increment(ref begun);
            hold.Wait(TestContext.Current.CancellationToken);
            return Finding.Ok("at last");
        });
        Examination examination = new(Short, TimeProvider.System);

        DoctorCheck first = Assert.Single(await examination.RunAsync([check], TestContext.Current.CancellationToken));
        DoctorCheck second = Assert.Single(await examination.RunAsync([check], TestContext.Current.CancellationToken));
        hold.Set();

        Assert.Equal(new DoctorCheck("stuck mount", "warn", "could not be examined: no answer within 0.1 s", null), first);
        Assert.Equal((first, 1), (second, begun));
        DoctorCheck third = first;
        for (int tries = 0; tries < 100 && third.Result == "warn"; tries++)
        {
            third = Assert.Single(await examination.RunAsync([check], TestContext.Current.CancellationToken));
        }

        Assert.Equal("at last", third.Seen);
    }

    [Fact]
    public async Task A_check_that_heeds_its_limit_is_late_too()
    {
        DoctorCheck check = Assert.Single(await RunAsync(Short, new HostCheck("asks", async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return Finding.Ok("never");
        })));

        Assert.Equal("could not be examined: no answer within 0.1 s", check.Seen);
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_not_answered()
    {
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new Examination(Long, TimeProvider.System).RunAsync([new HostCheck("any", () => Finding.Ok("fine"))], gone.Token));
    }

    private static Task<IReadOnlyList<DoctorCheck>> RunAsync(TimeSpan limit, params HostCheck[] checks) =>
        new Examination(limit, TimeProvider.System).RunAsync(checks, TestContext.Current.CancellationToken);
}
