using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux.Sockets;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Linux;

public sealed class NetworkThreadTests
{
    [HostFact(Need.Root)]
    public async Task A_socket_made_in_another_namespace_belongs_there_and_the_thread_comes_back()
    {
        using NetworkThread thread = NetworkThread.Start();
        using TcpListener here = new(IPAddress.Loopback, 0);
        here.Start();
        IPEndPoint address = (IPEndPoint)here.LocalEndpoint;
        using Process other = Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", "echo ready; read end"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        try
        {
            Assert.Equal("ready", await other.StandardOutput.ReadLineAsync());
            using SafeFileHandle there = Sleigh.Linux.Files.Open($"/proc/{other.Id}/ns/net", Sleigh.Linux.OpenFlags.ReadOnly);
            Assert.NotEqual(thread.HostInode, Sleigh.Linux.Files.Stat(there).Inode);

            // Its loopback is down: not even that is the host's.
            using Socket far = thread.OpenTcp(there, AddressFamily.InterNetwork);
            await Assert.ThrowsAsync<SocketException>(async () => await far.ConnectAsync(address));

            using SafeFileHandle own = Sleigh.Linux.Files.Open("/proc/self/ns/net", Sleigh.Linux.OpenFlags.ReadOnly);
            Assert.Equal(thread.HostInode, Sleigh.Linux.Files.Stat(own).Inode);
            using Socket near = thread.OpenTcp(own, AddressFamily.InterNetwork);
            await near.ConnectAsync(address);
            Assert.True(near.Connected);
        }
        finally
        {
            other.StandardInput.Close();
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
            await other.WaitForExitAsync(limit.Token);
        }
    }

    [HostFact(Need.Root)]
    public void What_is_no_network_namespace_is_an_error_that_names_it()
    {
        using NetworkThread thread = NetworkThread.Start();
        using SafeFileHandle wrong = Sleigh.Linux.Files.Open("/proc/self/ns/uts", Sleigh.Linux.OpenFlags.ReadOnly);

        string error = Assert.Throws<Sleigh.Linux.KernelException>(() => thread.OpenTcp(wrong, AddressFamily.InterNetwork)).Message;

        Assert.StartsWith("enter 'uts:[", error, StringComparison.Ordinal);
    }
}
