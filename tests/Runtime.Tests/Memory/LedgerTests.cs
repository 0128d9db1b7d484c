using System.Diagnostics;
using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Tests.Memory;

public sealed class LedgerTests
{
    private const long MiB = GrowthOptions.MiB;
    private static readonly LedgerHost Host = new(10_000 * MiB, 9000 * MiB, 1000 * MiB);

    [Fact]
    public void A_sandbox_at_its_start_counts_what_it_uses_and_one_that_has_grown_its_wall()
    {
        Assert.Equal(185 * MiB, MemoryLedger.Promised(Line("a", usage: 185, brake: 256)));
        Assert.Equal(544 * MiB, MemoryLedger.Promised(Line("a", usage: 185, brake: 384)));
        Assert.Equal(600 * MiB, MemoryLedger.Promised(Line("a", usage: 600, brake: 384)));
    }

    [Fact]
    public void It_adds_up()
    {
        LedgerSum sum = MemoryLedger.Sum(Host, [Line("a", usage: 185, brake: 256, cache: 20), Line("b", usage: 300, brake: 384)]);

        Assert.Equal(
            new LedgerSum(640 * MiB, 729 * MiB, 485 * MiB, (244 + 20) * MiB, (9000 - 1000 - 244) * MiB, sum.RoomReason, false), sum);
        Assert.Equal("the host has 9000 MB available, keeps 10 % and has promised 244 MB that are not used yet", sum.RoomReason);
    }

    [Fact]
    public void The_budget_bounds_the_room_where_it_is_less_than_what_is_available()
    {
        HostRoom room = MemoryLedger.RoomFor(Host, [Line("a", usage: 6900, brake: 7000), Line("b", usage: 100, brake: 256)], "b");

        Assert.Equal((9000 - 8814 - 100) * MiB, room.Bytes);
        Assert.Equal("the host's budget of 9000 MB is promised", room.Reason);
    }

    [Fact]
    public void Scarce_room_is_for_who_has_needed_more_for_longer_and_the_others_get_what_it_leaves()
    {
        LedgerLine first = Line("a", usage: 300, brake: 384) with { Since = TimeSpan.FromSeconds(1), Missing = 500 * MiB };
        LedgerLine second = Line("b", usage: 300, brake: 384) with { Since = TimeSpan.FromSeconds(2), Missing = 100 * MiB };
        LedgerLine[] lines = [first, second, Line("c", usage: 185, brake: 256)];
        long room = MemoryLedger.Sum(Host, lines).Room;

        Assert.Equal((room, 0), Room("a", lines));
        Assert.Equal((room - (500 * MiB), 0), Room("b", lines));
        Assert.Equal((room - (600 * MiB), 0), Room("c", lines));
        Assert.Equal(
            $"the host has {room / MiB} MB to give, and others that have needed more for longer lack 600 MB", MemoryLedger.RoomFor(Host, lines, "c").Reason);
        lines[0] = first with { Missing = 9000 * MiB };
        Assert.Equal((0, (9000 * MiB) - room), Room("b", lines));

        static (long, long) Room(string name, LedgerLine[] lines) => MemoryLedger.RoomFor(Host, lines, name) is var r ? (r.Bytes, r.Lacking) : default;
    }

    [Fact]
    public void The_more_important_goes_first_whoever_came_first()
    {
        LedgerLine early = Line("early", usage: 300, brake: 384) with { Since = TimeSpan.FromSeconds(1) };
        LedgerLine late = Line("late", usage: 300, brake: 384) with { Since = TimeSpan.FromSeconds(9), Priority = 1 };

        Assert.True(late.GoesBefore(early));
        Assert.False(early.GoesBefore(late));
        Assert.True(early.GoesBefore(late with { Priority = 0 }));
        Assert.False(early.GoesBefore(early));
        Assert.False(Line("calm", usage: 300, brake: 384).GoesBefore(early));
    }

    [Fact]
    public void What_one_that_waits_lacks_is_the_wall_it_wants_and_nothing_once_it_has_grown()
    {
        GrowthBounds bounds = new(256 * MiB, 2000 * MiB, true);
        LedgerLine line = Line("a", usage: 256, brake: 256);
        GrowthState waits = new()
        {
            Since = TimeSpan.FromSeconds(3),
            Waiting = new GrowthWait(GrowthTrigger.High, RefusalCause.HostShort, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), 384 * MiB),
        };

        LedgerLine waiting = line.With(waits, TimeSpan.FromSeconds(5), bounds, new GrowthOptions());
        LedgerLine calm = waiting.With(waits with { Waiting = null }, TimeSpan.FromSeconds(5), bounds, new GrowthOptions());

        Assert.Equal((TimeSpan.FromSeconds(3), (544 - 256) * MiB), (waiting.Since, waiting.Missing));
        Assert.Equal((TimeSpan.FromSeconds(3), 0), (calm.Since, calm.Missing));
    }

    [Fact]
    public void A_host_that_has_promised_too_much_has_no_room_and_never_less()
    {
        LedgerLine[] lines = [.. Enumerable.Range(0, 20).Select(i => Line($"s{i}", usage: 900, brake: 1000))];

        Assert.Equal(0, MemoryLedger.Sum(Host, lines).Room);
        Assert.Equal(0, MemoryLedger.RoomFor(Host with { Available = 0 }, lines[..1], "s0").Bytes);
        Assert.Equal(0, MemoryLedger.Sum(new LedgerHost(100, 50, 1000), []).Room);
    }

    [Fact]
    public void The_largest_numbers_do_not_overflow()
    {
        LedgerLine huge = Line("a") with { Usage = long.MaxValue, Brake = long.MaxValue, Wall = long.MaxValue };

        Assert.Equal(0, MemoryLedger.Sum(new LedgerHost(long.MaxValue, long.MaxValue, 0), [huge, huge, huge]).Room);
    }

    [Fact]
    public void A_name_that_is_not_in_it_is_an_error() =>
        Assert.Equal("The ledger has no line 'b'. (Parameter 'name')", Assert.Throws<ArgumentException>(() => MemoryLedger.RoomFor(Host, [Line("a")], "b")).Message);

    [Fact]
    public void To_add_up_500_sandboxes_takes_microseconds()
    {
        LedgerLine[] lines = [.. Enumerable.Range(0, 500).Select(i => Line($"s{i}", usage: 185 + i, brake: 256 + (i % 2 * 1000)))];
        long least = long.MaxValue;
        for (int i = 0; i < 2000; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            MemoryLedger.Sum(Host, lines);
            least = Math.Min(least, Stopwatch.GetElapsedTime(begin).Ticks);
        }

        Assert.InRange(TimeSpan.FromTicks(least).TotalMicroseconds, 0, 100);
    }

    internal static LedgerLine Line(string name, int usage = 185, int brake = 256, int cache = 0, int start = 256, bool idle = false, int priority = 0) => new()
    {
        Name = name,
        Usage = usage * MiB,
        WorkingSet = (usage - cache) * MiB,
        Brake = brake * MiB,
        Wall = GrowthPolicy.WallOf(brake * MiB, new GrowthOptions()),
        Start = start * MiB,
        Idle = idle,
        Priority = priority,
    };
}
