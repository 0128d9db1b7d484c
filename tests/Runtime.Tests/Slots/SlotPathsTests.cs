using Sleigh.Cgroups;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class SlotPathsTests
{
    private static readonly SlotId Slot = SlotId.Parse("slot-0123456789ab");

    [Fact]
    public void On_a_hybrid_host_the_runtime_gets_a_single_directory_that_it_removes_whole()
    {
        Assert.Equal("/a-b-slot-0123456789ab", new SlotPaths("/run", "a/b", CgroupMode.Hybrid).InitCgroup(Slot));
    }

    [Fact]
    public void On_a_unified_host_PID_1_is_a_leaf_below_the_slots_limits()
    {
        SlotPaths paths = new("/run", "/sleigh/", CgroupMode.Unified);

        Assert.Equal("/sleigh/slot-0123456789ab/init", paths.InitCgroup(Slot));
        Assert.Equal("sleigh/slot-0123456789ab", paths.Cgroup(Slot));
    }

    [Fact]
    public void The_socket_of_init_fits_into_an_address_with_the_default_directories()
    {
        Assert.True(new SlotPaths("/run/sleigh", "sleigh", CgroupMode.Unified).Socket(Slot).Length < 108);
    }
}
