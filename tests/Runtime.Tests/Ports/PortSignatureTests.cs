namespace Sleigh.Runtime.Tests.Ports;

public sealed class PortSignatureTests
{
    private static readonly SandboxId Id = SandboxId.Parse("sbx_0123456789ab");
    private static readonly DateTimeOffset Expires = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Fact]
    public void It_is_good_until_its_time_for_its_port_its_sandbox_and_its_key()
    {
        string key = PortSignature.NewKey(), value = PortSignature.Make(key, Id, 8080, Expires);

        Assert.Matches(@"\A1800000000\.[A-Za-z0-9_-]{43}\z", value);
        Assert.Equal(Expires, PortSignature.Check(key, Id, 8080, value, Expires.AddSeconds(-1)));
        Assert.Null(PortSignature.Check(key, Id, 8080, value, Expires));
        Assert.Null(PortSignature.Check(key, Id, 8081, value, Expires.AddSeconds(-1)));
        Assert.Null(PortSignature.Check(key, SandboxId.Parse("sbx_0123456789ac"), 8080, value, Expires.AddSeconds(-1)));
        Assert.Null(PortSignature.Check(PortSignature.NewKey(), Id, 8080, value, Expires.AddSeconds(-1)));
        Assert.Null(PortSignature.Check(key, Id, 8080, value.Replace("1800000000", "1900000000", StringComparison.Ordinal), Expires));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1800000000")]
    [InlineData("1800000000.")]
    [InlineData("1800000000.AAAA")]
    [InlineData("1800000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("1800000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("-1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("99999999999999999999.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("999999999999999999.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("1800000000.!!!")]
    public void What_is_no_link_opens_nothing(string value) =>
        Assert.Null(PortSignature.Check(PortSignature.NewKey(), Id, 8080, value, DateTimeOffset.UnixEpoch));

    [Fact]
    public void A_bit_more_or_less_in_it_opens_nothing()
    {
        string key = PortSignature.NewKey(), value = PortSignature.Make(key, Id, 8080, Expires);
        for (int i = 0; i < value.Length; i++)
        {
            char other = value[i] is '1' ? '2' : value[i] is 'A' ? 'B' : value[i] is '0' ? '9' : 'A';
            string changed = value[..i] + other + value[(i + 1)..];
            Assert.Null(PortSignature.Check(key, Id, 8080, changed, DateTimeOffset.UnixEpoch));
        }
    }
}
