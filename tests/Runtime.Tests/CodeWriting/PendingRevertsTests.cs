using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class PendingRevertsTests
{
    private static readonly SandboxId One = SandboxId.Parse("sbx_000000000001");
    private static readonly SandboxId Two = SandboxId.Parse("sbx_000000000002");

    [Fact]
    public void A_later_write_of_the_same_file_overtakes_an_earlier_one()
    {
        PendingReverts all = new();
        using PendingReverts.Mark first = all.Begin(One, FakeWorkplace.Path("/a"));
        using PendingReverts.Mark other = all.Begin(One, FakeWorkplace.Path("/b"));
        using PendingReverts.Mark elsewhere = all.Begin(Two, FakeWorkplace.Path("/a"));
        using PendingReverts.Mark second = all.Begin(One, FakeWorkplace.Path("/a"));

        Assert.Equal((true, false, false, false), (first.IsOvertaken, second.IsOvertaken, other.IsOvertaken, elsewhere.IsOvertaken));
    }

    [Fact]
    public void The_end_of_an_overtaken_one_lets_the_later_one_stand()
    {
        PendingReverts all = new();
        PendingReverts.Mark first = all.Begin(One, FakeWorkplace.Path("/a"));
        using PendingReverts.Mark second = all.Begin(One, FakeWorkplace.Path("/a"));
        first.Dispose();
        using PendingReverts.Mark third = all.Begin(One, FakeWorkplace.Path("/a"));

        Assert.Equal((true, false), (second.IsOvertaken, third.IsOvertaken));
    }
}
