using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>An image may hold as little as one file, and whatever C library it likes.</summary>
[Collection(DaemonCollection.Name)]
public sealed class ImageKindTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_image_of_a_single_static_file_works_without_a_shell()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Scratch);

        Assert.Equal("hello from /hello, uid 0, 2 arguments [a b]\n", await sandbox.RunAsync("", Argv("/hello", "a b")));
        Assert.Equal(7, (await sandbox.ExecAsync("", Argv("/hello", "exit", "7"))).ExitCode);
        ExecReply shell = await sandbox.ExecAsync("true");
        Assert.Equal("command could not be started: no `sh` in the image", shell.Error);
        Assert.Null(shell.ExitCode);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_image_of_a_single_static_file_is_snapshotted_rolled_back_and_forked()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Scratch);
        await sandbox.RunAsync("", Argv("/hello", "write", "/note", "one"));
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("", Argv("/hello", "write", "/note", "two"));

        await sandbox.RollbackAsync(snapshot);
        string[] forks = await fixture.Client.ForkAsync(sandbox.Id, 2);

        Assert.EndsWith("\none\n", await sandbox.RunAsync("", Argv("/hello", "read", "/note")), StringComparison.Ordinal);
        foreach (string fork in forks)
        {
            await using TestSandbox copy = new(fixture.Client, fork);
            Assert.EndsWith("\none\n", await copy.RunAsync("", Argv("/hello", "read", "/note")), StringComparison.Ordinal);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_dynamically_linked_musl_program_finds_its_loader()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Musl);

        Assert.Equal("hello from hello, uid 12, 1 arguments\n", await sandbox.RunAsync("", Argv("hello").With("user", "12")));
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_Debian_image_made_from_packages_runs_python()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Debian);

        Assert.Equal("42\n", await sandbox.RunAsync("python3 -c 'print(6*7)'"));
        Assert.StartsWith("12", await sandbox.RunAsync("cat /etc/debian_version"), StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_package_with_a_postinst_is_installed_inside_and_gone_after_a_rollback()
    {
        byte[] package = await LocalPackageAsync();
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Debian);
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.PutAsync("/root/sleigh-test.deb", package, "0644");

        string said = await sandbox.RunAsync("dpkg -i /root/sleigh-test.deb && sleigh-test-program && id -u sleigh-test && stat -c %U /var/lib/sleigh-test && cat /var/lib/sleigh-test");

        Assert.EndsWith("the program runs\n990\nsleigh-test\nset up by root\n", said, StringComparison.Ordinal);
        Assert.Contains("ii  sleigh-test", await sandbox.RunAsync("dpkg -l sleigh-test"), StringComparison.Ordinal);
        await sandbox.RollbackAsync(snapshot);
        Assert.Equal("1\n", await sandbox.RunAsync("dpkg -s sleigh-test > /dev/null 2>&1; echo $?"));
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_user_namespace_can_be_made_inside_and_leads_to_no_mount()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Debian);

        Assert.Equal("in\n", await sandbox.RunAsync("unshare -U true && echo in"));
        Assert.Equal("0\n", await sandbox.RunAsync("unshare -U -r id -u", new JsonObject { ["user"] = "1000:1000" }));
        ExecReply mount = await sandbox.ExecAsync("unshare -U -r -m mount -t tmpfs none /mnt");
        Assert.NotEqual(0, mount.ExitCode);
    }

    private static JsonObject Argv(params string[] argv) => new() { ["argv"] = new JsonArray([.. argv.Select(a => JsonValue.Create(a))]) };

    private static async Task<byte[]> LocalPackageAsync()
    {
        string folder = Directory.CreateTempSubdirectory("sl-deb-").FullName;
        try
        {
            string root = Path.Combine(folder, "root");
            Directory.CreateDirectory(Path.Combine(root, "DEBIAN"));
            Directory.CreateDirectory(Path.Combine(root, "usr/bin"));
            await File.WriteAllTextAsync(Path.Combine(root, "DEBIAN/control"), """
                Package: sleigh-test
                Version: 1.0
                Architecture: all
                Maintainer: Nobody <nobody@example.com>
                Description: a package for a test

                """);
            await WriteScriptAsync(Path.Combine(root, "DEBIAN/postinst"), """
                #!/bin/sh
                set -e
                useradd --system --uid 990 --home-dir /nonexistent --shell /usr/sbin/nologin sleigh-test
                echo "set up by $(whoami)" > /var/lib/sleigh-test
                chown sleigh-test /var/lib/sleigh-test
                ldconfig

                """);
            await WriteScriptAsync(Path.Combine(root, "usr/bin/sleigh-test-program"), "#!/bin/sh\necho the program runs\n");
            string target = Path.Combine(folder, "sleigh-test.deb");
            await ToolRunner.RunAsync("dpkg-deb", "--root-owner-group", "--build", root, target);
            return await File.ReadAllBytesAsync(target);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task WriteScriptAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED); // 0755
    }
}
