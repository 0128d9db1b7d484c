using System.Net;
using System.Net.Sockets;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What keeps the daemon from starting is said in one sentence, with an exit code of its own, and nothing is begun.</summary>
[Collection(DaemonCollection.Name)]
public sealed class StartRefusalTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_system_containerd_without_a_socket()
    {
        await using TestDaemon daemon = new(("containerd.mode", "system"), ("containerd.address", "/tmp/no-such-containerd.sock"));
        await RefusesAsync(daemon, 12, "containerd at /tmp/no-such-containerd.sock");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_system_containerd_behind_a_dead_socket_file()
    {
        await using TestDaemon daemon = new(("containerd.mode", "system"));
        string dead = Path.Combine(daemon.Folder, "dead.sock");
        using (Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(dead));
            socket.Listen();
            File.Move(dead, dead + ".kept");
        }

        File.Move(dead + ".kept", dead);
        daemon.Set("containerd.address", dead);
        await RefusesAsync(daemon, 12, $"containerd at {dead}");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_private_containerd_whose_program_is_missing()
    {
        await using TestDaemon daemon = new(("containerd.binary", "/no/such/containerd"));
        await RefusesAsync(daemon, 12, "/no/such/containerd");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_PID_1_program_that_is_missing()
    {
        await using TestDaemon daemon = new(("init.path", "/no/such/sleigh-init"));
        await RefusesAsync(daemon, 10, "/no/such/sleigh-init");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_configuration_that_is_missing_unreadable_or_no_YAML()
    {
        await using TestDaemon daemon = new();
        File.Delete(daemon.ConfigFile);
        await RefusesAsync(daemon, 78, daemon.ConfigFile);

        Directory.CreateDirectory(daemon.ConfigFile);
        await RefusesAsync(daemon, 78, daemon.ConfigFile);
        Directory.Delete(daemon.ConfigFile);

        await File.WriteAllTextAsync(daemon.ConfigFile, "http:\n  listen: [127.0.0.1:0\n");
        await RefusesAsync(daemon, 78, daemon.ConfigFile);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task All_wrong_settings_are_named_at_once()
    {
        await using TestDaemon daemon = new(("pool.size", "-1"), ("exec.kill_grace_seconds", "soon"), ("http.listn", "x"));
        using NotifySocket systemd = new(daemon);

        (int status, string said) = await daemon.RunToEndAsync();

        Assert.Equal(78, status);
        await systemd.StatusAsync(", and 2 more errors", 5);
        string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.All((string[])["pool.size", "exec.kill_grace_seconds", "http.listn"], key => Assert.Contains(key, said, StringComparison.Ordinal));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("S1")]
    public async Task A_public_address_without_a_key()
    {
        await using TestDaemon daemon = new(("http.listen", "0.0.0.0:10122"));
        (int status, string said) = await daemon.RunToEndAsync();

        Assert.Equal(78, status);
        Assert.Contains("http.listen 0.0.0.0:10122 is not a loopback address and http.api_key is not set; refusing to start", said, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_port_that_is_in_use()
    {
        await using TestDaemon daemon = new();
        using TcpListener taken = new(IPAddress.Loopback, daemon.Address.Port);
        taken.Start();
        await RefusesAsync(daemon, 14, $"http.listen {daemon.Address} is in use", errno: 98);

        // Nothing was begun: no containerd, no layer store, no database.
        Assert.Equal(["sleighd.lock"], Directory.GetFileSystemEntries(daemon.DataDir).Select(Path.GetFileName));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_data_directory_that_another_daemon_uses()
    {
        await using TestDaemon daemon = new();
        daemon.Set("data_dir", fixture.Daemon.DataDir);
        await RefusesAsync(daemon, 11, $"data_dir {fixture.Daemon.DataDir} is in use by another sleighd");
        Assert.Equal(200, (await fixture.Client.CallAsync("GET", "/readyz")).Status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_cgroup_subtree_that_another_daemon_uses()
    {
        await using TestDaemon daemon = new();
        daemon.Set("cgroup.subtree", fixture.Daemon.Subtree);
        await RefusesAsync(
            daemon, 11,
            $"cgroup.subtree {fixture.Daemon.Subtree} is in use by another sleighd (process {fixture.Daemon.Pid}), with another data_dir; stop that one, or choose another cgroup.subtree");
        Assert.Equal(200, (await fixture.Client.CallAsync("GET", "/readyz")).Status);
        Assert.False(Directory.Exists(Path.Combine(daemon.DataDir, "containerd")), "a containerd was started");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_full_disk()
    {
        await using TestDaemon daemon = new();
        Directory.CreateDirectory(daemon.DataDir);
        await ToolRunner.RunAsync("mount", "-t", "tmpfs", "-o", "size=16k", "sleigh-test", daemon.DataDir);
        try
        {
            await RefusesAsync(daemon, 13, $"the disk of data_dir {daemon.DataDir} or state_dir {daemon.StateDir} is full; free space there, then start again: ", errno: 28);
        }
        finally
        {
            await ToolRunner.RunAsync("umount", daemon.DataDir);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_socket_path_where_another_program_listens_or_a_file_lies()
    {
        await using TestDaemon daemon = new();
        Directory.CreateDirectory(daemon.StateDir);
        using (Socket other = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            other.Bind(new UnixDomainSocketEndPoint(daemon.Socket));
            other.Listen();
            await RefusesAsync(daemon, 14, $"http.socket {daemon.Socket} is in use by another program");
        }

        await File.WriteAllTextAsync(daemon.Socket, "mine");
        await RefusesAsync(daemon, 14, $"http.socket {daemon.Socket} is there already and is no socket");
        Assert.Equal("mine", await File.ReadAllTextAsync(daemon.Socket));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_address_that_the_host_does_not_have()
    {
        await using TestDaemon daemon = new(("http.listen", "192.0.2.1:10122"), ("http.api_key", "k"));
        await RefusesAsync(daemon, 14, "http.listen 192.0.2.1:10122 is no address of this host", errno: 99);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_wrong_argument_is_told_to_systemd_too()
    {
        await using TestDaemon daemon = new();
        using NotifySocket systemd = new(daemon);

        (int status, string said) = await daemon.RunToEndAsync("--confg");

        Assert.Equal(2, status);
        Assert.StartsWith("sleighd: unknown argument '--confg'", said, StringComparison.Ordinal);
        await systemd.StatusAsync("unknown argument '--confg'");
    }

    // The last line is the sentence; log lines of steps that went well may stand before it.
    private static async Task RefusesAsync(TestDaemon daemon, int exitCode, string names, int? errno = null)
    {
        using NotifySocket systemd = new(daemon);
        (int status, string said) = await daemon.RunToEndAsync();

        Assert.True(status == exitCode, $"ended with {status}: {said}");
        string[] sentences = [.. said.Split('\n').Where(l => l.StartsWith("sleighd: ", StringComparison.Ordinal))];
        Assert.True(sentences.Length == 1, said);
        Assert.Contains(names, sentences[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", said, StringComparison.Ordinal);

        // systemctl status shows the same.
        await systemd.StatusAsync(sentences[0]["sleighd: ".Length..], 5);
        Assert.DoesNotContain(systemd.Messages, m => m.StartsWith("READY", StringComparison.Ordinal));
        if (errno is not null)
        {
            Assert.EndsWith($"|ERRNO={errno}", systemd.Messages[^1], StringComparison.Ordinal);
        }

        File.Delete(systemd.Path);
    }
}
