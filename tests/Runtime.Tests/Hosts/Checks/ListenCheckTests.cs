using System.Net;
using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class ListenCheckTests
{
    // Written by a kernel: 127.0.0.1:10122 listens, 127.0.0.1:8080 is a connection, 0.0.0.0:22 listens.
    private const string Tcp =
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:278A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0000000000000000 100 0 0 10 0
           1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 31338 1 0000000000000000 20 4 30 10 -1
           2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31339 1 0000000000000000 100 0 0 10 0
           3: 0100
        """;

    // [::1]:10122 and [::]:443.
    private const string Tcp6 =
        """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:278A 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41337 1 0000000000000000 100 0 0 10 0
           1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41338 1 0000000000000000 100 0 0 10 0
        """;

    [Theory]
    [InlineData("127.0.0.1:10122", "31337")]
    [InlineData("0.0.0.0:10122", "31337")]
    [InlineData("192.0.2.7:22", "31339")]
    [InlineData("127.0.0.2:10122", null)]
    [InlineData("127.0.0.1:8080", null)]
    public void A_listener_on_the_same_address_or_on_all_is_in_the_way(string listen, string? inode) =>
        Assert.Equal(inode, ListenCheck.InodeOf(Tcp, IPEndPoint.Parse(listen)));

    [Theory]
    [InlineData("[::1]:10122", "41337")]
    [InlineData("127.0.0.1:443", "41338")]
    [InlineData("127.0.0.1:10122", null)]
    public void So_is_one_of_version_6_on_all(string listen, string? inode) => Assert.Equal(inode, ListenCheck.InodeOf(Tcp6, IPEndPoint.Parse(listen)));

    [Fact]
    public void The_daemon_itself_is_no_stranger()
    {
        IPEndPoint listen = new(IPAddress.Loopback, 10122);

        Assert.Equal(Finding.Ok("127.0.0.1:10122 is free"), ListenCheck.Judge(listen, null, serves: false));
        Assert.Equal(Finding.Ok("sleighd serves on 127.0.0.1:10122"), ListenCheck.Judge(listen, (Environment.ProcessId, "dotnet"), serves: true));
        Assert.Equal(Finding.Ok("sleighd serves on 127.0.0.1:10122"), ListenCheck.Judge(listen, (999_999_999, "sleighd"), serves: false));
        Assert.Equal(
            Finding.Fail("127.0.0.1:10122 is held by nginx (pid 999999999)", "stop that one, or set http.listen to another port"),
            ListenCheck.Judge(listen, (999_999_999, "nginx"), serves: false));
        Assert.Equal("127.0.0.1:10122 is held by another program", ListenCheck.Judge(listen, (0, ""), serves: false).Seen);
        Assert.Equal("warn", ListenCheck.Judge(listen, null, serves: true).Result);
        Assert.Equal(Finding.Ok("any free port"), ListenCheck.Judge(new IPEndPoint(IPAddress.Loopback, 0), null, serves: true));
    }
}
