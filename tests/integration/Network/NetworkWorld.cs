using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.Linux;
using Sleigh.Network;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>
/// A host and a world in namespaces of their own: the host has 198.51.100.1 towards the world, alone in its network, and 192.168.77.1 in a private network; the world has
/// a server at 198.51.100.2, 203.0.113.7, 192.168.77.2, 169.254.169.254 and 2001:db8:1::2. Nothing of the machine's own network is touched.
/// </summary>
public sealed class NetworkWorld : IAsyncDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly List<BackgroundProgram> _programs = [];

    public string Instance { get; } = Guid.NewGuid().ToString("N")[..16];

    public string Host => _directory["host"];

    public string Outside => _directory["outside"];

    public string State => _directory["state"];

    public NetworkOptions Options => new() { StateDirectory = State, Instance = Instance, HostNamespace = Host, PoolSize = 0 };

    public static async Task<NetworkWorld> MakeAsync(bool six = false)
    {
        NetworkWorld world = new();
        _ = world._directory.Make("state");
        foreach (string name in (string[])[world.Host, world.Outside])
        {
            await File.WriteAllTextAsync(name, "");
            NetworkNamespace.CreateAt(name);
        }

        await world.IpAsync(
            world.Host,
            $"link add eth0 type veth peer name eth0 netns {world.Outside}",
            $"link add eth1 type veth peer name eth1 netns {world.Outside}",
            "link set lo up", "address add 198.51.100.1/32 dev eth0", "link set eth0 mtu 1400 up", "route add 198.51.100.2/32 dev eth0", "address add 192.168.77.1/24 dev eth1", "link set eth1 up",
            "-6 address add 2001:db8:1::1/64 dev eth0 nodad", "route add default via 198.51.100.2", "-6 route add default via 2001:db8:1::2",
            "route add 169.254.169.254/32 dev eth1");
        await world.IpAsync(
            world.Outside,
            "link set lo up", "address add 198.51.100.2/24 dev eth0", "link set eth0 up", "address add 192.168.77.2/24 dev eth1", "link set eth1 up",
            "address add 203.0.113.7/32 dev lo", "address add 169.254.169.254/32 dev lo", "-6 address add 2001:db8:1::2/64 dev eth0 nodad", "-6 address add 2001:db8:2::2/128 dev lo nodad");

        // A new namespace takes it over from the machine's.
        NetworkNamespace.WriteSetting(world.Host, "/proc/sys/net/ipv4/ip_forward", "0");
        NetworkNamespace.WriteSetting(world.Host, "/proc/sys/net/ipv6/conf/all/forwarding", six ? "1" : "0");

        await world.ServeAsync(world.Outside);
        await world.ServeAsync(world.Host);
        return world;
    }

    public Task<SandboxNetwork> OpenAsync() => OpenAsync(Options);

    public Task<SandboxNetwork> OpenAsync(NetworkOptions options) => SandboxNetwork.OpenAsync(options, NullLogger.Instance, CancellationToken.None);

    /// <summary>What a connection ends with: <c>ok ADDRESS</c> with the address that the server saw, or the name of the error.</summary>
    public static async Task<string> ConnectAsync(string place, string address, int port = 80, string protocol = "tcp", int seconds = 60) =>
        (await PythonAsync(
            place, "client", address, port.ToString(CultureInfo.InvariantCulture), protocol, seconds.ToString(CultureInfo.InvariantCulture))).Trim();

    /// <summary>A client with an open connection: writes a line for each line.</summary>
    public BackgroundProgram OpenConnection(string place, string address) => Start(place, "talker", address, "80");

    public static Task<string> PythonAsync(string place, string program, params string[] arguments) =>
        ToolRunner.RunAsync("nsenter", [$"--net={place}", "python3", "-c", Program(program), .. arguments]);

    public Task<string> NftAsync(string place, params string[] arguments) => ToolRunner.RunAsync("nsenter", [$"--net={place}", "nft", .. arguments]);

    public Task<string> ShellAsync(string place, string command) => ToolRunner.RunAsync("nsenter", $"--net={place}", "sh", "-c", command);

    public string Router => $"{State}/network/router";

    public async ValueTask DisposeAsync()
    {
        foreach (BackgroundProgram program in _programs)
        {
            await program.DisposeAsync();
        }

        // A namespace that still has its mount keeps its links.
        _directory.Dispose();
    }

    private static string Program(string name) =>
        File.ReadAllText(Path.Combine(TestSupport.Host.Repository, "tests", "integration", "Network", "Programs", name + ".py"));

    private async Task IpAsync(string place, params string[] commands)
    {
        foreach (string command in commands)
        {
            await ToolRunner.RunAsync("nsenter", [$"--net={place}", "ip", .. command.Split(' ')]);
        }
    }

    private async Task ServeAsync(string place) => Assert.Equal("ready", await Start(place, "server").ReadLineAsync());

    /// <summary>A program of the folder Programs, which ends with the world.</summary>
    public BackgroundProgram Start(string place, string program, params string[] arguments)
    {
        BackgroundProgram started = BackgroundProgram.Start("nsenter", [$"--net={place}", "python3", "-u", "-c", Program(program), .. arguments]);
        _programs.Add(started);
        return started;
    }
}
