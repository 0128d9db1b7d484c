using Sleigh.Cgroups;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.Memory;

public sealed class MemorySignalsTests
{
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void What_is_listened_to_is_one_sentence() => Assert.Equal(
        "memory.events, and stalls of 25 ms in 500 ms", MemorySignals.Describe(null, new StallTrigger(Threshold, Window, null)));

    [Fact]
    public void A_window_that_the_kernel_does_not_allow_is_said_with_its_reason() => Assert.Equal(
        "memory.events, and stalls of 100 ms in 2000 ms; without CAP_SYS_RESOURCE",
        MemorySignals.Describe(null, new StallTrigger(Threshold * 4, Window * 4, "without CAP_SYS_RESOURCE")));

    [Fact]
    public void A_kernel_without_PSI_is_said() => Assert.Equal(
        "memory.events alone: the kernel gives no pressure figures (PSI is not built in, is switched off by psi=0, or may not be watched)",
        MemorySignals.Describe(null, null));

    [Fact]
    public void A_host_on_which_nothing_grows_gives_its_reason() => Assert.Equal("no memory controller", MemorySignals.Describe("no memory controller", null));
}
