namespace Sleigh.Linux.Tests;

public sealed class BtrfsDevicesTests
{
    [Fact]
    public void Only_counters_that_have_counted_are_told()
    {
        const string text = "write_errs 0\nread_errs 2\nflush_errs 0\ncorruption_errs 18446744073709551615\ngeneration_errs 1\nof the future\n\n";

        Assert.Equal([new BtrfsErrorCount("1", "read_errs", 2), new BtrfsErrorCount("1", "generation_errs", 1)], BtrfsDevices.Parse("1", text));
        Assert.Empty(BtrfsDevices.Parse("1", ""));
    }
}
