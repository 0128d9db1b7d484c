namespace Sleigh.Linux.Tests;

public sealed class CpuSetTests
{
    [Theory]
    [InlineData("0\n", "0")]
    [InlineData("0-3", "0-3")]
    [InlineData("0,2-3,7", "0,2-3,7")]
    [InlineData("3,1,2", "1-3")]
    public void Lists_of_the_kernel_are_read_and_written(string text, string written)
    {
        Assert.Equal(written, CpuSet.Parse(text).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1-")]
    [InlineData("3-1")]
    [InlineData("a")]
    [InlineData("0,,1")]
    [InlineData("9999999")]
    public void Cut_off_lists_are_refused_with_their_text(string text)
    {
        Assert.Equal($"'{text}' is no list of CPUs", Assert.Throws<FormatException>(() => CpuSet.Parse(text)).Message);
    }

    [Fact]
    public void Equal_sets_are_equal()
    {
        Assert.Equal(CpuSet.Parse("0-1"), CpuSet.Of([1, 0, 1]));
        Assert.NotEqual(CpuSet.Parse("0-1"), CpuSet.Parse("0,2"));
    }

    [Fact]
    public void A_process_that_is_bound_runs_there_and_what_it_starts_too()
    {
        CpuSet all = CpuSet.OfProcess(Environment.ProcessId);
        using System.Diagnostics.Process child = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sh", ["-c", "read x; grep ^Cpus_allowed_list /proc/self/status"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

        CpuSet one = CpuSet.Of([all.Numbers[^1]]);
        one.BindProcess(child.Id);

        Assert.Equal(one, CpuSet.OfProcess(child.Id));
        child.StandardInput.WriteLine();
        Assert.Equal($"Cpus_allowed_list:\t{one}\n", child.StandardOutput.ReadToEnd());
        child.WaitForExit();
    }

    [Fact]
    public void A_process_that_is_gone_is_named()
    {
        KernelException e = Assert.Throws<KernelException>(() => CpuSet.OfProcess(int.MaxValue));

        Assert.Contains("read the CPUs of process", e.Message, StringComparison.Ordinal);
    }
}
