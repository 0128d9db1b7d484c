using Sleigh.Runtime.Exports;

namespace Sleigh.Runtime.Tests.Exports;

public sealed class ExportPlacesTests
{
    [Fact]
    public void A_session_has_two_exports_at_once_and_another_one_has_its_own()
    {
        ExportPlaces places = new();
        SessionId one = SessionId.New();
        IDisposable first = places.Take(one, one);
        using IDisposable second = places.Take(one, one);

        RuntimeException refused = Assert.Throws<RuntimeException>(() => places.Take(one, one));
        SessionId other = SessionId.New();
        using IDisposable others = places.Take(other, other);
        first.Dispose();
        first.Dispose();
        using IDisposable again = places.Take(one, one);

        Assert.Equal((ErrorKind.QuotaExceeded, "running_exports_per_session"), (refused.Kind, refused.Details["quota"]));
        Assert.Throws<RuntimeException>(() => places.Take(one, one));
    }

    [Fact]
    public void The_administrators_exports_of_a_session_take_none_of_its_places()
    {
        ExportPlaces places = new();
        SessionId one = SessionId.New(), administrator = SessionId.New();
        using IDisposable first = places.Take(one, administrator);
        using IDisposable second = places.Take(one, administrator);

        RuntimeException refused = Assert.Throws<RuntimeException>(() => places.Take(one, administrator));
        using IDisposable own = places.Take(one, one);
        using IDisposable another = places.Take(SessionId.New(), administrator);

        Assert.Equal("2 exports of this session's by the administrator are under way; read one to its end or close its connection", refused.Message);
    }

    [Theory]
    [InlineData(100L << 30, 2L << 30, true)]
    [InlineData(100L << 30, 1L << 30, false)]
    [InlineData(4L << 30, 300L << 20, true)]
    [InlineData(4L << 30, 200L << 20, false)]
    public void Exports_leave_a_twentieth_of_the_disk_free_and_at_most_a_gibibyte(long total, long available, bool hasRoom) =>
        Assert.Equal(hasRoom, ExportSpool.HasRoom(total, available));

    [Fact]
    public void What_is_written_is_checked_before_each_16_MiB()
    {
        int checks = 0;
        using var file = new SpooledFile(File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write), () => checks++);
        byte[] piece = new byte[1 << 20];

        for (int i = 0; i < 33; i++)
        {
            file.Write(piece);
        }

        Assert.Equal(3, checks);
    }
}
