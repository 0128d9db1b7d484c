using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class SlotSpecMarkTests
{
    private static readonly RuntimeClass Runc = RuntimeClass.Of("runc", new SleighOptions());

    private static SlotSpec Spec(string slot) => new()
    {
        SkeletonDirectory = "/skeleton", HostDirectory = $"/slots/{slot}", CgroupsPath = $"/sleigh/{slot}/init", Capabilities = ["CAP_NET_RAW"], OpenFiles = 512,
        Proc = [new ProcBind($"/slots/{slot}/proc/meminfo", "/proc/meminfo")],
    };

    [Fact]
    public void Slots_that_differ_in_their_own_paths_network_and_limits_have_one_mark()
    {
        string one = SlotSpecMark.Of(Spec("one"), Runc);

        Assert.Equal(one, SlotSpecMark.Of(Spec("two") with { NetworkNamespace = "/run/netns/x", RuntimeLimits = new SlotLimits(256, 1, 100) }, Runc));
        Assert.True(SlotSpecMark.HasOurFilter(one));
    }

    [Fact]
    public void What_is_made_otherwise_has_another_mark()
    {
        SlotSpec spec = Spec("one");
        string[] marks =
        [
            SlotSpecMark.Of(spec, Runc),
            SlotSpecMark.Of(spec, Runc with { Program = "/opt/runc" }),
            SlotSpecMark.Of(spec with { Capabilities = [] }, Runc),
            SlotSpecMark.Of(spec with { OpenFiles = 1024 }, Runc),
            SlotSpecMark.Of(spec with { SharesHostNetwork = true }, Runc),
            SlotSpecMark.Of(spec with { Proc = [] }, Runc),
            SlotSpecMark.Of(spec with { Proc = [new ProcBind("/var/lib/lxcfs/proc/meminfo", "/proc/meminfo")] }, Runc),
        ];

        Assert.Equal(marks.Length, marks.Distinct().Count());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0123:4567")]
    public void A_slot_without_a_mark_or_with_another_filter_has_not_ours(string? mark) => Assert.False(SlotSpecMark.HasOurFilter(mark));
}
