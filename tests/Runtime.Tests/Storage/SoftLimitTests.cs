namespace Sleigh.Runtime.Tests.Storage;

public sealed class SoftLimitTests
{
    private const long MiB = 1 << 20;
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void What_has_not_run_is_not_looked_at_again()
    {
        using SoftLimit limit = new(64 * MiB);
        Assert.True(limit.TryBegin(Start, TimeSpan.Zero));
        Assert.False(limit.TryBegin(Start, TimeSpan.FromSeconds(1)), "one look at a time");
        limit.Found(MiB, Start, Quick);

        Assert.False(limit.TryBegin(Start.AddSeconds(5), TimeSpan.Zero));
        Assert.True(limit.TryBegin(Start.AddSeconds(5), TimeSpan.FromMilliseconds(1)));
    }

    [Theory]
    [InlineData(0.02, 1)]
    [InlineData(0.5, 4.5)]
    [InlineData(3, 27)]
    [InlineData(20, 30)]
    public void A_look_takes_a_tenth_of_the_time_and_comes_every_second_to_every_half_minute(double took, double pause)
    {
        using SoftLimit limit = new(64 * MiB);
        Assert.True(limit.TryBegin(Start, TimeSpan.Zero));
        limit.Found(MiB, Start, TimeSpan.FromSeconds(took));

        Assert.False(limit.TryBegin(Start.AddSeconds(pause - 0.001), TimeSpan.FromSeconds(1)));
        Assert.True(limit.TryBegin(Start.AddSeconds(pause), TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void A_look_that_began_before_the_last_one_known_takes_nothing_back()
    {
        using SoftLimit limit = new(64 * MiB);
        long before = limit.PlacedBytes;
        limit.Grow(8 * MiB);
        limit.Place(8 * MiB);
        limit.Found(10 * MiB, Start, Quick, limit.PlacedBytes);
        limit.Found(2 * MiB, Start, Quick, before);

        Assert.Equal((10 * MiB, 10 * MiB), (limit.UsedBytes!.Value, limit.ExpectedBytes));
    }

    [Fact]
    public void Who_writes_from_outside_is_looked_at_without_a_process_and_once_more_behind()
    {
        using SoftLimit limit = new(64 * MiB);
        Assert.True(limit.TryBegin(Start, TimeSpan.Zero));
        limit.Found(MiB, Start, Quick);
        limit.BeginWrite();
        Assert.True(limit.TryBegin(Start.AddSeconds(1), TimeSpan.Zero));
        limit.Found(2 * MiB, Start.AddSeconds(1), Quick);
        limit.EndWrite();

        Assert.True(limit.TryBegin(Start.AddSeconds(1), TimeSpan.Zero));
        limit.Found(2 * MiB, Start.AddSeconds(1), Quick);
        Assert.False(limit.TryBegin(Start.AddSeconds(9), TimeSpan.Zero));
    }

    [Theory]
    [InlineData(57, false, false)]
    [InlineData(58, true, false)]
    [InlineData(64, true, true)]
    public void A_tenth_from_the_limit_is_near_and_the_limit_itself_is_over(long used, bool near, bool over)
    {
        using SoftLimit limit = new(64 * MiB);
        Assert.True(limit.IsNear, "nobody has looked yet");
        limit.Found(used * MiB, Start, Quick);

        Assert.Equal((near, over), (limit.IsNear, limit.IsOver));
        Assert.Equal((used * MiB, 64 * MiB, true), (limit.Use.ReferencedBytes, limit.Use.LimitBytes, limit.Use.IsSoft));
    }

    [Fact]
    public void Each_look_that_finds_it_over_ends_those_who_write()
    {
        using SoftLimit limit = new(64 * MiB);
        CancellationToken first = limit.Over;
        limit.Found(63 * MiB, Start, Quick);
        Assert.False(first.IsCancellationRequested);
        limit.Found(65 * MiB, Start, Quick);
        CancellationToken second = limit.Over;
        Assert.Equal((true, false), (first.IsCancellationRequested, second.IsCancellationRequested));
        limit.Found(65 * MiB, Start, Quick);
        Assert.True(second.IsCancellationRequested);
    }

    [Fact]
    public void What_is_being_written_counts_until_a_look_that_began_later_has_seen_it()
    {
        using SoftLimit limit = new(64 * MiB);
        limit.Found(50 * MiB, Start, Quick);
        limit.Grow(14 * MiB);
        Assert.False(limit.WouldBeOver);
        limit.Grow(MiB);
        Assert.True(limit.WouldBeOver);
        limit.Drop(MiB);
        Assert.Equal((64 * MiB, 50 * MiB, false), (limit.ExpectedBytes, limit.UsedBytes, limit.IsOver));

        // A look that began before the file was in place may have missed it; one that begins now has not.
        long before = limit.PlacedBytes;
        limit.Place(14 * MiB);
        limit.Found(50 * MiB, Start, Quick, before);
        Assert.Equal(64 * MiB, limit.ExpectedBytes);
        limit.Found(60 * MiB, Start, Quick, limit.PlacedBytes);
        Assert.Equal(60 * MiB, limit.ExpectedBytes);

        // The older one of two looks at once may end last.
        limit.Found(60 * MiB, Start, Quick, before);
        Assert.Equal(60 * MiB, limit.ExpectedBytes);
    }

    [Fact]
    public void A_look_that_failed_is_made_again()
    {
        using SoftLimit limit = new(64 * MiB);
        Assert.True(limit.TryBegin(Start, TimeSpan.Zero));
        limit.Failed(Start);

        Assert.False(limit.TryBegin(Start, TimeSpan.Zero));
        Assert.True(limit.TryBegin(Start.AddSeconds(1), TimeSpan.Zero));
    }
}
