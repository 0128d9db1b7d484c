namespace Sleigh.Linux.Tests;

public sealed class KernelExceptionTests
{
    [Fact]
    public void Its_text_says_what_was_done_to_what_and_what_the_kernel_said()
    {
        var error = new KernelException("make directory", "/run/x", Errno.EEXIST);

        Assert.Equal("make directory '/run/x': EEXIST (File exists)", error.Message);
        Assert.Equal((Errno.EEXIST, 17), (error.Errno, error.HResult));
    }

    [Fact]
    public void A_detail_comes_last() => Assert.Equal(
        "configure filesystem 'upperdir=/x': EINVAL (Invalid argument): overlay: no such thing",
        new KernelException("configure filesystem", "upperdir=/x", Errno.EINVAL, "overlay: no such thing").Message);

    [Fact]
    public void An_unknown_number_stays_a_number() => Assert.Equal("errno 512", KernelException.Describe((Errno)512));

    [Fact]
    public void A_refused_call_names_the_path()
    {
        var error = Assert.Throws<KernelException>(() => Files.Open("/proc/no/such", OpenFlags.ReadOnly));

        Assert.Equal("open '/proc/no/such': ENOENT (No such file or directory)", error.Message);
    }
}
