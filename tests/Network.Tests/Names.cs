using System.Text;

namespace Sleigh.Network.Tests;

/// <summary>Names as messages have them.</summary>
internal static class Names
{
    public static byte[] Bytes(string dotted) => [.. dotted.Split('.').SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];

    public static DnsName Parse(string dotted) => Read(Bytes(dotted));

    public static DnsName Read(byte[] bytes)
    {
        int at = 0;
        Assert.True(DnsName.TryRead(bytes, ref at, out DnsName name));
        Assert.Equal(bytes.Length, at);
        return name;
    }
}
