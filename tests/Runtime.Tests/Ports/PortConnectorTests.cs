using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Runtime.Tests.Ports;

/// <summary>Connections to real servers in this test's own network namespace, which plays a sandbox's.</summary>
public sealed class PortConnectorTests
{
    private static readonly SandboxId Sandbox = SandboxId.Parse("sbx_0123456789ab");

    [Fact]
    public async Task A_connection_takes_a_place_and_gives_it_back()
    {
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        using SlotConnections slot = new();

        PortStream stream = await ConnectAsync(Open, slot, ((IPEndPoint)server.LocalEndpoint).Port);
        Assert.True(slot.Any);
        List<bool> told = [];
        stream.Ending = () => told.Add(slot.Any);
        await stream.DisposeAsync();
        await stream.DisposeAsync();

        // Before the place is given back: else the session of a sandbox that was held by this connection alone would end with it.
        Assert.Equal([true], told);
        Assert.False(slot.Any);
    }

    [Fact]
    public async Task That_nothing_listens_is_the_sandboxs_and_says_so()
    {
        using Socket unused = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        unused.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)unused.LocalEndPoint!).Port;
        using SlotConnections slot = new();

        RuntimeException none = await Assert.ThrowsAsync<RuntimeException>(() => ConnectAsync(Open, slot, port));

        Assert.Equal((ErrorKind.PortNotListening, $"nothing listens on port {port} of sandbox {Sandbox}"), (none.Kind, none.Message));
        Assert.False(slot.Any);
    }

    [Fact]
    public async Task A_fault_of_the_host_is_no_fault_of_the_sandbox_and_its_cause_goes_along()
    {
        using SlotConnections slot = new();

        RuntimeException fault = await Assert.ThrowsAsync<RuntimeException>(
            () => ConnectAsync((_, _) => throw new KernelException("make a socket in", "net:[1]", Errno.EMFILE), slot, 8080));
        RuntimeException memory = await Assert.ThrowsAsync<RuntimeException>(
            () => ConnectAsync((_, _) => throw new SocketException((int)SocketError.NoBufferSpaceAvailable), slot, 8080));

        Assert.Equal(ErrorKind.PortUnreachable, fault.Kind);
        Assert.Equal($"the host could not open a connection to port 8080 of sandbox {Sandbox}; the daemon log has the cause", fault.Message);
        Assert.Equal(Errno.EMFILE, Assert.IsType<KernelException>(fault.InnerException).Errno);
        Assert.Equal(ErrorKind.PortUnreachable, memory.Kind);
        Assert.IsType<SocketException>(memory.InnerException);
        Assert.False(slot.Any);
    }

    [Fact]
    public async Task Into_a_slot_that_has_ended_nothing_is_opened()
    {
        SlotConnections slot = new();
        slot.Dispose();

        RuntimeException stopped = await Assert.ThrowsAsync<RuntimeException>(() => ConnectAsync(Open, slot, 8080));

        Assert.Equal((ErrorKind.PortNotListening, $"sandbox {Sandbox} does not run, so nothing listens in it"), (stopped.Kind, stopped.Message));
    }

    [Fact]
    public void The_hosts_network_has_no_ports_to_declare_and_a_network_that_has_just_ended_is_not_the_hosts()
    {
        SafeFileHandle network = Files.Open("/proc/self/ns/net", OpenFlags.ReadOnly);
        PortConnector connector = new(Open, Files.Stat(network).Inode, new ConnectionBudget(100), TimeProvider.System);
        Assert.Equal(ErrorKind.UnsupportedOnHost, Assert.Throws<RuntimeException>(() => connector.RefuseHostsIfOpen(network)).Kind);

        network.Dispose();

        connector.RefuseHostsIfOpen(network);
    }

    private static async Task<PortStream> ConnectAsync(Func<SafeFileHandle, AddressFamily, Socket> open, SlotConnections slot, int port)
    {
        using SafeFileHandle network = Files.Open("/proc/self/ns/net", OpenFlags.ReadOnly);
        return await new PortConnector(open, hostInode: 0, new ConnectionBudget(100), TimeProvider.System)
            .ConnectAsync(network, slot, SessionId.New(), Sandbox, port, CancellationToken.None);
    }

    private static Socket Open(SafeFileHandle network, AddressFamily family) => new(family, SocketType.Stream, ProtocolType.Tcp);
}
