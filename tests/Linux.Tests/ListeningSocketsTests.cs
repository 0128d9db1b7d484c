using System.Net;
using System.Net.Sockets;
using Sleigh.Linux.Sockets;

namespace Sleigh.Linux.Tests;

public sealed class ListeningSocketsTests
{
    private const string Head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    [Fact]
    public void Listening_sockets_come_first_and_nothing_after_them_is_read() => Assert.Equal(
        ["127.0.0.1:8080", "0.0.0.0:22"],
        Read(Head
            + "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0\n"
            + "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12346 1 0000000000000000 100 0 0 10 0\n"
            + "   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 12347 1 0000000000000000 20 4 30 10 -1\n"
            + "nonsense"));

    [Fact]
    public void No_more_than_so_many_are_looked_at() => Assert.Equal(
        ListeningSockets.Most, Read(Head + string.Concat(Enumerable.Repeat("   0: 0100007F:1F90 00000000:0000 0A 0\n", ListeningSockets.Most + 5))).Length);

    [Fact]
    public void Addresses_of_IPv6_are_read_word_by_word() => Assert.Equal(
        ["[::1]:80", "[::]:443", "[::ffff:127.0.0.1]:81", "[fe80::1234:5678:9abc:def0]:82"],
        Read(Head
            + "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0\n"
            + "   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0\n"
            + "   2: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 0\n"
            + "   3: 000080FE0000000078563412F0DEBC9A:0052 00000000000000000000000000000000:0000 0A 0\n"));

    [Theory]
    [InlineData("")]
    [InlineData(Head)]
    public void An_empty_table_has_none(string table) => Assert.Empty(Read(table));

    [Theory]
    [InlineData("   0: 0100007F", "no line of /proc/net/tcp: '   0: 0100007F'")]
    [InlineData("   0: 0100007F:1F9 0:0 0A", "")]
    [InlineData("   0: 0100007:1F90 00000000:0000 0A 0", "no address in a line of /proc/net/tcp: '   0: 0100007:1F90 00000000:0000 0A 0'")]
    [InlineData("   0: 0100007G:1F90 00000000:0000 0A 0", "no address in a line of /proc/net/tcp: '   0: 0100007G:1F90 00000000:0000 0A 0'")]
    public void A_line_of_another_form_is_an_error_that_quotes_it(string line, string error)
    {
        if (error.Length == 0)
        {
            Assert.Equal(["127.0.0.1:505"], Read(Head + line));
        }
        else
        {
            Assert.Equal(error, Assert.Throws<FormatException>(() => Read(Head + line)).Message);
        }
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("0.0.0.0", true)]
    [InlineData("::", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::ffff:0.0.0.0", true)]
    [InlineData("127.0.0.2", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("fe80::1", false)]
    public void Loopback_reaches_some_addresses(string address, bool reaches) => Assert.Equal(reaches, ListeningSockets.ReachesLoopback(IPAddress.Parse(address)));

    [Fact]
    public void A_real_socket_is_found_in_the_kernels_table()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint address = (IPEndPoint)socket.LocalEndPoint!;
        Assert.DoesNotContain(address, ListeningSockets.Of(Environment.ProcessId));

        socket.Listen();

        Assert.Contains(address, ListeningSockets.Of(Environment.ProcessId));
    }

    [Fact]
    public void A_process_that_is_gone_has_none() => Assert.Empty(ListeningSockets.Of(int.MaxValue));

    private static string[] Read(string table)
    {
        using StringReader text = new(table);
        return [.. ListeningSockets.Parse(text).Select(a => a.ToString())];
    }
}
