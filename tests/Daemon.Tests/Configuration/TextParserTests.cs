using System.Net;
using Sleigh.Daemon.Configuration;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed class TextParserTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("1h30m", 5400)]
    [InlineData("1d1s", 86401)]
    [InlineData("36500d", 36500L * 86400)]
    public void A_time_has_a_unit_or_the_keys_own(string text, long seconds)
    {
        Assert.True(DurationText.TryParse(text, TimeSpan.FromSeconds(1), out TimeSpan time));
        Assert.Equal(TimeSpan.FromSeconds(seconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1")]
    [InlineData("1.5h")]
    [InlineData("1 h")]
    [InlineData("1w")]
    [InlineData("1m1h")]
    [InlineData("1m1m")]
    [InlineData("1h30")]
    [InlineData("36501d")]
    [InlineData("99999999999999999999s")]
    [InlineData("9223372036854775807")]
    public void Another_time_is_refused(string text) => Assert.False(DurationText.TryParse(text, TimeSpan.FromSeconds(1), out _));

    [Fact]
    public void A_time_of_days_counts_days()
    {
        Assert.True(DurationText.TryParse("14", TimeSpan.FromDays(1), out TimeSpan time));
        Assert.Equal("14", DurationText.Format(time, TimeSpan.FromDays(1)));
        Assert.Equal("3600s", DurationText.Format(TimeSpan.FromHours(1), TimeSpan.FromDays(1)));
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("16777216", 16777216)]
    [InlineData("64KiB", 65536)]
    [InlineData("64 MiB", 67108864)]
    [InlineData("1TiB", 1099511627776)]
    public void A_size_has_a_unit_or_is_bytes(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out long size));
        Assert.Equal(bytes, size);
        Assert.True(SizeText.TryParse(SizeText.Format(size), out long again));
        Assert.Equal(size, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("KiB")]
    [InlineData("64GB")]
    [InlineData("64G")]
    [InlineData("1.5GiB")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("9223372036854775807KiB")]
    public void Another_size_is_refused(string text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData("127.0.0.1:10122", "127.0.0.1", 10122)]
    [InlineData("[::1]:0", "::1", 0)]
    [InlineData("[::]:65535", "::", 65535)]
    public void An_address_has_a_port(string text, string ip, int port)
    {
        Assert.True(ListenAddress.TryParse(text, out IPEndPoint address));
        Assert.Equal(new IPEndPoint(IPAddress.Parse(ip), port), address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10122")]
    [InlineData(":10122")]
    [InlineData("1:10122")]
    [InlineData("localhost:10122")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.256:1")]
    [InlineData("::1:10122")]
    [InlineData("[::1]")]
    [InlineData("[::1:80")]
    public void Another_address_is_refused(string text) => Assert.False(ListenAddress.TryParse(text, out _));

    [Theory]
    [InlineData("/a/b/", "/a/b")]
    [InlineData("/", "/")]
    public void A_path_is_absolute(string text, string path)
    {
        Assert.True(SettingText.AbsolutePath(text, out string read));
        Assert.Equal(path, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("/a/../b")]
    [InlineData("/a/.")]
    [InlineData("/a\0b")]
    public void Another_path_is_refused(string text) => Assert.False(SettingText.AbsolutePath(text, out _));

    [Fact]
    public void The_nearest_word_has_the_fewest_changes()
    {
        Assert.Equal("http.listen", NearestWord.Find("htp.lisen", ["log.level", "http.listen", "http.socket"]));
        Assert.Equal("a", NearestWord.Find(new string('x', 1_000_000), ["a"]));
    }
}
