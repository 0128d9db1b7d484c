using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Sandboxes;

public sealed class SandboxIdentityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-identity-").FullName;

    private string Etc => Directory.CreateDirectory(Path.Combine(_folder, "etc")).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("127.0.0.1 localhost\n192.0.2.7 registry\n")]
    [InlineData("127.0.0.1 localhost\n192.0.2.7 registry")]
    public void In_the_hosts_network_a_sandbox_begins_with_the_hosts_names_and_resolver_and_knows_its_own_name(string hosts)
    {
        File.WriteAllText(Path.Combine(Etc, "hosts"), hosts);
        File.WriteAllText(Path.Combine(Etc, "resolv.conf"), "nameserver 127.0.0.53\nsearch example.org\n");

        Dictionary<string, string> files = Write(NetworkMode.Host);

        Assert.Equal("127.0.0.1 localhost\n192.0.2.7 registry\n127.0.0.1 box\n", files["/etc/hosts"]);
        Assert.Equal("nameserver 127.0.0.53\nsearch example.org\n", files["/etc/resolv.conf"]);
        Assert.Equal("box\n", files["/etc/hostname"]);
    }

    [Fact]
    public void Files_that_the_host_does_not_have_are_empty_but_for_the_sandboxs_own_name()
    {
        Dictionary<string, string> files = Write(NetworkMode.Host);

        Assert.Equal(("127.0.0.1 localhost\n127.0.0.1 box\n", ""), (files["/etc/hosts"], files["/etc/resolv.conf"]));
    }

    [Fact]
    public void A_list_of_names_that_is_longer_than_the_files_may_be_is_left_out()
    {
        File.WriteAllText(Path.Combine(Etc, "hosts"), string.Concat(Enumerable.Repeat("0.0.0.0 advertisements.example\n", 10_000)));

        Assert.Equal("127.0.0.1 localhost\n127.0.0.1 box\n", Write(NetworkMode.Host)["/etc/hosts"]);
    }

    [Fact]
    public void With_loopback_alone_nothing_of_the_host_shows()
    {
        File.WriteAllText(Path.Combine(Etc, "hosts"), "192.0.2.7 registry\n");
        File.WriteAllText(Path.Combine(Etc, "resolv.conf"), "nameserver 192.0.2.53\n");

        Dictionary<string, string> files = Write(NetworkMode.None);

        Assert.Equal(("127.0.0.1 localhost box\n::1 localhost ip6-localhost ip6-loopback\n", ""), (files["/etc/hosts"], files["/etc/resolv.conf"]));
    }

    private Dictionary<string, string> Write(NetworkMode mode)
    {
        Sandbox sandbox = new()
        {
            Id = SandboxId.New(), Session = SessionId.New(), Image = "base", Status = SandboxStatus.Running, Labels = new Dictionary<string, string>(),
            Created = DateTimeOffset.UnixEpoch, LastUsed = DateTimeOffset.UnixEpoch, MemoryLimitMb = 256, AutoExpandMemory = true, MemoryCeilingMb = 512, PidsLimit = 64,
            Network = mode, RuntimeClass = "runc", Name = "box",
        };
        return SandboxIdentity.Files(sandbox, addresses: null, Etc).ToDictionary(file => file.Target, file => file.Text);
    }
}
