namespace Sleigh.Runtime.Tests.Storage;

public sealed class SoftRoomTests : IDisposable
{
    private const long MiB = 1 << 20;
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly SoftLimit _limit = new(64 * MiB);
    private long _holds = 50 * MiB;
    private int _looks;

    public SoftRoomTests() => Look();

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task While_there_is_room_it_is_looked_at_after_each_tenth_of_the_limit()
    {
        using SoftRoom room = Room();
        for (int i = 0; i < 14; i++)
        {
            Assert.Equal(1 + (i / 7), _looks);
            await room.TakeAsync(MiB, None);
        }

        Assert.Equal(3, _looks);
    }

    [Fact]
    public async Task What_commands_have_written_meanwhile_counts_too()
    {
        using SoftRoom room = Room();
        _holds = 60 * MiB;
        await room.TakeAsync(6 * MiB, None);
        Assert.Equal(1, _looks);
        await Assert.ThrowsAsync<RuntimeException>(async () => await room.TakeAsync(MiB, None));
    }

    [Fact]
    public async Task Beyond_the_limit_it_is_refused_once_a_look_says_the_same_and_what_was_taken_is_given_back()
    {
        using (SoftRoom room = Room())
        {
            await room.TakeAsync(14 * MiB, None);
            RuntimeException refused = await Assert.ThrowsAsync<RuntimeException>(async () => await room.TakeAsync(1, None));
            Assert.Equal((ErrorKind.DiskFull, 3), (refused.Kind, _looks));
        }

        Assert.Equal(50 * MiB, _limit.ExpectedBytes);
    }

    [Fact]
    public async Task What_was_deleted_meanwhile_makes_room()
    {
        using SoftRoom room = Room();
        _holds = 10 * MiB;
        await room.TakeAsync(30 * MiB, None);
        await room.TakeAsync(20 * MiB, None);

        Assert.Equal((3, 60 * MiB), (_looks, _limit.ExpectedBytes));
    }

    [Fact]
    public async Task Two_that_write_at_once_share_the_room()
    {
        using SoftRoom one = Room();
        using SoftRoom other = Room();
        await one.TakeAsync(10 * MiB, None);
        await Assert.ThrowsAsync<RuntimeException>(async () => await other.TakeAsync(10 * MiB, None));
        other.Dispose();
        await one.TakeAsync(4 * MiB, None);
    }

    [Fact]
    public async Task What_is_in_place_is_left_to_the_looks()
    {
        using (SoftRoom room = Room())
        {
            await room.TakeAsync(10 * MiB, None);
            room.Place();
            await room.TakeAsync(MiB, None);
        }

        Assert.Equal(60 * MiB, _limit.ExpectedBytes);
        _holds = 60 * MiB;
        Look();
        Assert.Equal(60 * MiB, _limit.ExpectedBytes);
    }

    private SoftRoom Room() => new(
        _limit,
        _ =>
        {
            Look();
            return Task.CompletedTask;
        },
        () => new RuntimeException(ErrorKind.DiskFull, "full"));

    private void Look()
    {
        _looks++;
        _limit.Found(_holds, DateTimeOffset.UnixEpoch, TimeSpan.FromMilliseconds(20), _limit.PlacedBytes);
    }
}
