using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Isolated;

public sealed class ProcessPrivilegesTests
{
    private const string Status =
        "Name:\tsleigh-init\nUid:\t2147000001\t2147000000\t2147000002\t2147000000\nCapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
        + "CapEff:\t00000000000400eb\nCapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n";

    [Fact]
    public void The_lines_of_the_kernel_are_read()
    {
        ProcessPrivileges read = ProcessPrivileges.Parse(Status);

        Assert.Equal(new ProcessPrivileges(0xa80425fb, 0xa80425fb, true, 2), read);
        Assert.True(read.HasFilter);
        Assert.Equal(14, Capabilities.Names(read.Permitted).Count);
    }

    [Theory]
    [InlineData("CapPrm")]
    [InlineData("CapBnd")]
    [InlineData("NoNewPrivs")]
    [InlineData("Seccomp")]
    public void A_missing_line_is_named(string name)
    {
        string text = string.Join('\n', Status.Split('\n').Where(line => !line.StartsWith(name + ":", StringComparison.Ordinal)));

        Assert.StartsWith($"no '{name}' line in '", Assert.Throws<FormatException>(() => ProcessPrivileges.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_that_is_cut_off_is_refused()
    {
        string text = Status.Replace("CapPrm:\t00000000a80425fb", "CapPrm:\t00000000a804", StringComparison.Ordinal);

        Assert.Equal("'00000000a804' is no set of capabilities in 'CapPrm'", Assert.Throws<FormatException>(() => ProcessPrivileges.Parse(text)).Message);
    }

    [Fact]
    public void Names_and_mask_of_capabilities_are_each_others_reverse_and_a_newer_one_has_its_number()
    {
        Assert.Equal(["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"], Capabilities.Names(Capabilities.Mask(["CAP_CHECKPOINT_RESTORE", "CAP_CHOWN"])));
        Assert.Equal(["CAP_41"], Capabilities.Names(1UL << 41));
    }
}
