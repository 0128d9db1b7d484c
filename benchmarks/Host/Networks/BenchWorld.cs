using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sleigh.Cli;
using Sleigh.Linux;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>
/// A host and a world behind it, in network namespaces of their own: what sandboxes send goes through the one to the other, and the machine's own network is not touched.
/// The world has the address 203.0.113.7; all else that is sent there is dropped, since it forwards nothing.
/// </summary>
internal sealed class BenchWorld : IAsyncDisposable
{
    private readonly string _folder;

    private BenchWorld(string folder) => _folder = folder;

    /// <summary>An address of the world.</summary>
    public static IPAddress Address { get; } = IPAddress.Parse("203.0.113.7");

    /// <summary>The file of the namespace that packets of sandboxes leave through.</summary>
    public string Host => Path.Combine(_folder, "host");

    private string Outside => Path.Combine(_folder, "outside");

    /// <summary>Makes both.</summary>
    /// <param name="folder">Where their files are; it must not be there.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CliException">A program is missing or failed.</exception>
    public static async Task<BenchWorld> MakeAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var world = new BenchWorld(folder);
        try
        {
            foreach (string file in (string[])[world.Host, world.Outside])
            {
                await File.WriteAllTextAsync(file, "", cancellationToken);
                NetworkNamespace.CreateAt(file);
            }

            await IpAsync(
                world.Host, cancellationToken,
                $"link add eth0 type veth peer name eth0 netns {world.Outside}", "link set lo up", "address add 198.51.100.1/24 dev eth0", "link set eth0 up",
                "route add default via 198.51.100.2");
            await IpAsync(
                world.Outside, cancellationToken,
                "link set lo up", "address add 198.51.100.2/24 dev eth0", "link set eth0 up", $"address add {Address}/32 dev lo");
            foreach (string file in (string[])[world.Host, world.Outside])
            {
                // A new namespace takes it over from the machine's.
                NetworkNamespace.WriteSetting(file, "/proc/sys/net/ipv4/ip_forward", "0");
            }

            return world;
        }
        catch (Exception)
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>A server at <see cref="Address"/>.</summary>
    public Socket Listen(int port)
    {
        var listener = new Socket(NetworkNamespace.OpenSocket(Outside, isSix: false, isStream: true));
        listener.Bind(new IPEndPoint(Address, port));
        listener.Listen(16);
        return listener;
    }

    /// <summary>Takes both away: a namespace that nobody is in ends with its file.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (string file in (string[])[Host, Outside])
        {
            if (NetworkNamespace.IsMountedAt(file))
            {
                Mounts.Unmount(file, detach: true);
            }
        }

        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task IpAsync(string place, CancellationToken cancellationToken, params string[] commands)
    {
        foreach (string command in commands)
        {
            using Process process = Process.Start(new ProcessStartInfo("nsenter", [$"--net={place}", "ip", .. command.Split(' ')]) { RedirectStandardError = true })!;
            string said = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new CliException(ExitCode.Failure, $"ip {command} ended with {process.ExitCode}: {said.Trim()}");
            }
        }
    }
}
