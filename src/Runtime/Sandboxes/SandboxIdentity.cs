using System.Security.Cryptography;
using System.Text;
using Sleigh.Network;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>The files that tell a sandbox who it is: host name, hosts, resolver and machine id, laid over those of the image.</summary>
internal static class SandboxIdentity
{
    /// <summary>The host name: the sandbox's name, or its id in the form host names allow.</summary>
    public static string HostName(Sandbox sandbox) => sandbox.Name ?? $"sbx-{sandbox.Id.Hex}";

    /// <summary>The files as they are when a tree is mounted. The sandbox may write to them, unless all of it is read-only.</summary>
    /// <param name="sandbox">Whose.</param>
    /// <param name="addresses">Its addresses; null: it has none of its own.</param>
    /// <param name="etc">Where the host's hosts and resolv.conf are, which a sandbox in the host's network begins with.</param>
    /// <exception cref="IOException">The host's cannot be read.</exception>
    public static IReadOnlyList<OwnFile> Files(Sandbox sandbox, SandboxAddresses? addresses, string etc = "/etc")
    {
        string host = HostName(sandbox);
        bool isHosts = sandbox.Network == NetworkMode.Host;
        return
        [
            new("/etc/hostname", $"{host}\n", sandbox.ReadOnly),
            new("/etc/hosts", isHosts ? HostsOfHost(etc, host) : Hosts(host, addresses), sandbox.ReadOnly),
            new("/etc/resolv.conf", isHosts ? TextOf(etc, "resolv.conf") : Resolver(addresses), sandbox.ReadOnly),
            new("/etc/machine-id", MachineId(sandbox.Id) + "\n", sandbox.ReadOnly),
        ];
    }

    // With a network, the name is that of the address there, as programs expect that tell others of it.
    private static string Hosts(string host, SandboxAddresses? addresses) => addresses is null
        ? $"127.0.0.1 localhost {host}\n::1 localhost ip6-localhost ip6-loopback\n"
        : $"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{addresses.Four} {host}\n{(addresses.Six is null ? "" : $"{addresses.Six} {host}\n")}";

    private static string Resolver(SandboxAddresses? addresses) =>
        addresses is null ? string.Empty : $"nameserver {addresses.Gateway}\noptions timeout:2 attempts:5\n";

    // All four files have 256 KiB together; a list of names that is longer, as blockers of advertisements have it, is left out.
    private const int MostOfHost = 16 << 10;

    // Its host name is its own, and programs look it up.
    private static string HostsOfHost(string etc, string host) => $"{(TextOf(etc, "hosts") is { Length: > 0 } text ? text : "127.0.0.1 localhost").TrimEnd('\n')}\n127.0.0.1 {host}\n".TrimStart('\n');

    private static string TextOf(string etc, string name)
    {
        try
        {
            FileInfo file = new(Path.Combine(etc, name));
            return file.Length <= MostOfHost ? File.ReadAllText(file.FullName) : string.Empty;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return string.Empty;
        }
    }

    private static string MachineId(SandboxId id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"machine-id of {id}")))[..32];
}
