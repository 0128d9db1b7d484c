using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Sandboxes;

public sealed class HostGuardTests
{
    private static HostGuard Guard(double percent, int? mostMb = null) =>
        new(Options(mostMb), () => new MemoryInfo(100L << 30, (long)(percent * (1L << 30))));

    private static LiveOptions Options(int? mostMb) => new(new SleighOptions { Memory = new MemoryOptions { MaxMb = mostMb } });

    [Fact]
    [ContractLine("C3", Part = "9.5 %")]
    public void Below_10_percent_nothing_is_created()
    {
        RuntimeException error = Assert.Throws<RuntimeException>(() => Guard(9.5).Admit(confirmed: true, "sandbox creation"));

        Assert.Equal(ErrorKind.HostMemoryLow, error.Kind);
        Assert.Equal("host memory available ratio 9.50% is below 10%; sandbox creation is blocked", error.Message);
    }

    [Fact]
    [ContractLine("C3", Part = "12 %, confirmed, 20 %")]
    public void Below_15_percent_the_caller_must_confirm()
    {
        RuntimeException error = Assert.Throws<RuntimeException>(() => Guard(12).Admit(confirmed: false, "sandbox creation"));

        Assert.Equal(ErrorKind.LowMemoryConfirmationRequired, error.Kind);
        Assert.Equal("host memory available ratio 12.00% is below 15%; resend with confirm_low_memory=true to continue", error.Message);
        Guard(12).Admit(confirmed: true, "sandbox creation");
        Guard(20).Admit(confirmed: false, "sandbox creation");
    }

    [Fact]
    public void A_size_that_would_take_the_host_below_10_percent_must_be_confirmed()
    {
        RuntimeException error = Assert.Throws<RuntimeException>(() => Guard(20).Admit(confirmed: false, "sandbox creation", 12 * 1024));

        Assert.Equal(ErrorKind.LowMemoryConfirmationRequired, error.Kind);
        Assert.Equal(
            "host memory available ratio 20.00% would be 8.00% with the 12288 MB asked for in use, which is below 10%; resend with confirm_low_memory=true to continue",
            error.Message);
        Assert.Equal(0.2, Assert.IsType<double>(error.Details!["available_ratio"]), 6);
        Guard(20).Admit(confirmed: true, "sandbox creation", 12 * 1024);
        Guard(20).Admit(confirmed: false, "sandbox creation", 10 * 1024);
    }

    [Fact]
    public void A_limit_is_raised_by_hand_from_10_percent_on_and_below_15_the_reply_says_so()
    {
        RuntimeException error = Assert.Throws<RuntimeException>(() => Guard(9.5).AdmitExpand());

        Assert.Equal(ErrorKind.HostMemoryLow, error.Kind);
        Assert.Equal("host memory available ratio 9.50% is below 10%; memory expand is blocked", error.Message);
        Assert.Equal("host memory available ratio 12.00% is below 15%; operation succeeded but host is under pressure", Guard(12).AdmitExpand());
        Assert.Null(Guard(15).AdmitExpand());
    }

    [Fact]
    public void Below_15_percent_the_pool_is_not_filled()
    {
        RuntimeException error = Assert.Throws<RuntimeException>(() => Guard(14.99).AdmitRefill());

        Assert.Equal(ErrorKind.HostMemoryLow, error.Kind);
        Assert.Equal("host memory available ratio 14.99% is below 15%; warm pool refill is blocked", error.Message);
        Assert.Equal(0.1499, Assert.IsType<double>(error.Details!["available_ratio"]), 6);
        Guard(15).AdmitRefill();
    }

    [Fact]
    public void The_budget_leaves_the_reserve_and_max_mb_lowers_the_ceiling()
    {
        Assert.Equal(90 * 1024, Guard(50).BudgetMb);
        Assert.Equal(90 * 1024, Guard(50).CeilingMb);
        Assert.Equal(1000, Guard(50, 1000).CeilingMb);
    }

    [Fact]
    public void After_a_reload_the_new_reserve_and_ceiling_hold()
    {
        LiveOptions options = Options(1000);
        HostGuard guard = new(options, () => new MemoryInfo(100L << 30, 50L << 30));

        options.Replace(options.Now with { Memory = options.Now.Memory with { MaxMb = 2000, HostReserveMb = 50 * 1024 } });

        Assert.Equal((50 * 1024, 2000), (guard.BudgetMb, guard.CeilingMb));
    }
}
