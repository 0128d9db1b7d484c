using System.Security.Cryptography;
using System.Text;
using Sleigh.Network;
using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>The files that tell a sandbox who it is: host name, hosts, resolver and machine id, laid over those of the image.</summary>
internal static class SandboxIdentity
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The host name: the sandbox's name, or its id in the form host names allow.</summary>
    public static string HostName(Sandbox sandbox) => sandbox.Name ?? $"sbx-{sandbox.Id.Hex}";

    /// <summary>Writes the files into <paramref name="directory"/> and says where they go.</summary>
    public static IReadOnlyList<TreeBind> Write(string directory, Sandbox sandbox, SandboxAddresses? addresses)
    {
        string host = HostName(sandbox);
        Directory.CreateDirectory(directory);
        return
        [
            Put(directory, "hostname", "/etc/hostname", $"{host}\n"),
            Put(directory, "hosts", "/etc/hosts", Hosts(host, addresses)),
            Put(directory, "resolv.conf", "/etc/resolv.conf", addresses is null ? string.Empty : $"nameserver {addresses.Gateway}\noptions timeout:2 attempts:5\n"),
            Put(directory, "machine-id", "/etc/machine-id", MachineId(sandbox.Id) + "\n"),
        ];
    }

    // With a network, the name is that of the address there, as programs expect that tell others of it.
    private static string Hosts(string host, SandboxAddresses? addresses) => addresses is null
        ? $"127.0.0.1 localhost {host}\n::1 localhost ip6-localhost ip6-loopback\n"
        : $"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{addresses.Four} {host}\n{(addresses.Six is null ? "" : $"{addresses.Six} {host}\n")}";

    private static string MachineId(SandboxId id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"machine-id of {id}")))[..32];

    private static TreeBind Put(string directory, string name, string target, string text)
    {
        string path = Path.Combine(directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, Mode);
        return new TreeBind(path, target);
    }
}
