using System.Text.RegularExpressions;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Package;

/// <summary>What is in the package, and how it is built. That lintian has nothing to say is part of every build.</summary>
[Collection(PackageCollection.Name)]
public sealed partial class ContentsTests(PackageFixture package)
{
    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task The_files_lie_where_they_are_promised_for_the_right_users()
    {
        string[] listed = (await ToolRunner.RunAsync("dpkg-deb", "--contents", package.Deb)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, string> modes = listed.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[5], words => $"{words[0]} {words[1]}");

        Assert.All(
            new[]
            {
                ("-rwxr-xr-x", "usr/sbin/sleighd"), ("-rwxr-xr-x", "usr/bin/sleighctl"), ("-rwxr-xr-x", "usr/libexec/sleigh/sleigh-init"),
                ("-rwxr-xr-x", "usr/libexec/sleigh/sandboxes-home"), ("-rw-r-----", "etc/sleigh/sleigh.yaml"),
                ("-rw-r-----", "etc/sleigh/sleigh.d/10-systemd.yaml"), ("-rw-r--r--", "usr/lib/systemd/system/sleigh.service"),
                ("-rw-r--r--", "usr/lib/systemd/system/sleigh-sandboxes.service"), ("-rw-r--r--", "usr/lib/sysusers.d/sleigh.conf"),
                ("-rw-r--r--", "usr/share/bash-completion/completions/sleighctl"), ("-rw-r--r--", "usr/share/man/man8/sleighd.8.gz"),
                ("-rw-r--r--", "usr/share/man/man1/sleighctl.1.gz"), ("-rw-r--r--", "usr/share/man/man5/sleigh.yaml.5.gz"),
                ("-rw-r--r--", "usr/share/doc/sleigh/copyright"), ("-rw-r--r--", "usr/share/doc/sleigh/changelog.gz"),
            },
            file => Assert.Equal($"{file.Item1} root/root", modes.GetValueOrDefault("./" + file.Item2, $"no {file.Item2}")));

        // Nothing that would be somebody else's, and nothing that the daemon makes at run time.
        Assert.All(modes.Keys, path => Assert.Matches("^\\./($|etc/($|sleigh/|needrestart/)|usr/)", path));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void The_configuration_is_kept_over_upgrades()
    {
        Assert.Equal(
            ["/etc/needrestart/conf.d/sleigh.conf", "/etc/sleigh/sleigh.d/10-systemd.yaml", "/etc/sleigh/sleigh.yaml"],
            package.Read("DEBIAN/conffiles").Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllText(Path.Combine(Host.Repository, "sleigh.yaml")), package.Read("etc/sleigh/sleigh.yaml"));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void It_depends_on_what_the_programs_load_and_start()
    {
        string depends = Field("Depends");

        Assert.All(
            new[] { "containerd (>= 1.6) | containerd.io", "runc | containerd.io", "btrfs-progs", "libsqlite3-0", "libssl3 | libssl3t64", "mount", "containernetworking-plugins", "nftables", "iproute2" },
            wanted => Assert.Contains(wanted, depends.Split(", ")));
        Assert.Contains("libc6 (>= 2.", depends, StringComparison.Ordinal);
        Assert.Contains("mmdebstrap", Field("Recommends"), StringComparison.Ordinal);
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task The_shipped_configuration_is_good_and_finds_the_shipped_files()
    {
        string checkedWell = await ToolRunner.RunAsync(
            Path.Combine(package.Root, "usr/sbin/sleighd"), "--check-config", "--config", Path.Combine(package.Root, "etc/sleigh/sleigh.yaml"));

        Assert.StartsWith("the configuration is good", checkedWell, StringComparison.Ordinal);
        Assert.Equal("/usr/libexec/sleigh/sleigh-init", new Runtime.Options.InitOptions().Path);
        Assert.Contains("\n  subtree: system.slice/sleigh-sandboxes.service\n", package.Read("etc/sleigh/sleigh.d/10-systemd.yaml"), StringComparison.Ordinal);
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Two_builds_give_the_same_bytes_whatever_the_environment()
    {
        string again = await PackageFixture.BuildAsync(Path.Combine(package.Scratch, "again"), "TZ=Pacific/Auckland", "LC_ALL=C", "DEB_BUILD_OPTIONS=parallel=7");

        Assert.True(File.ReadAllBytes(package.Deb).AsSpan().SequenceEqual(File.ReadAllBytes(again)), $"{package.Deb} and {again} differ");
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Another_version_holds_the_same_programs()
    {
        string higher = await PackageFixture.BuildAsync(Path.Combine(package.Scratch, "higher"), "VERSION=9.9.9");
        string root = Path.Combine(package.Scratch, "higher-root");
        await ToolRunner.RunAsync("dpkg-deb", "--raw-extract", higher, root);

        Assert.StartsWith("sleigh_9.9.9_", Path.GetFileName(higher), StringComparison.Ordinal);
        Assert.Contains("\nVersion: 9.9.9\n", await File.ReadAllTextAsync(Path.Combine(root, "DEBIAN/control")), StringComparison.Ordinal);
        foreach (string program in (string[])["usr/sbin/sleighd", "usr/bin/sleighctl", "usr/libexec/sleigh/sleigh-init"])
        {
            Assert.True(File.ReadAllBytes(Path.Combine(root, program)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(package.Root, program))), program);
        }
    }

    [Fact]
    public void Each_override_of_lintian_has_its_reason_before_it()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Host.Repository, "packaging/deb/sleigh.lintian-overrides"));

        Assert.StartsWith("#", lines[0], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Matches(LineOfOverrides(), line));
    }

    private string Field(string name) =>
        Regex.Match(package.Read("DEBIAN/control"), $"(?m)^{name}: (.*)$").Groups[1].Value;

    [GeneratedRegex("^(# .{20,}|sleigh: [a-z-]+ .+)$")]
    private static partial Regex LineOfOverrides();
}
