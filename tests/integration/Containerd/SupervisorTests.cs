using System.Diagnostics;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>How a private containerd is started, adopted and ended.</summary>
public sealed class SupervisorTests : IClassFixture<PrivateContainerd>
{
    private readonly PrivateContainerd _fixture;

    public SupervisorTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_new_daemon_adopts_the_containerd_of_the_old_one()
    {
        int pid = _fixture.Supervisor.Pid;

        ContainerdSupervisor second = await _fixture.RestartSupervisorAsync();

        Assert.Equal((pid, true), (second.Pid, second.Adopted));
        Assert.Contains($"adopted containerd (pid {pid})", _fixture.Reports, StringComparison.Ordinal);

        File.Delete(_fixture.Options.PidPath);
        ContainerdSupervisor third = await _fixture.RestartSupervisorAsync();
        Assert.Equal((pid, true), (third.Pid, third.Adopted));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Two_daemons_cannot_supervise_one_containerd()
    {
        await using var second = new ContainerdSupervisor(_fixture.Options);

        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(() => second.StartAsync());

        Assert.Equal(ContainerdErrorKind.FailedPrecondition, error.Kind);
        Assert.Equal($"another daemon supervises the containerd of {_fixture.Options.Root}", error.Message);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public void It_has_a_session_of_its_own_and_nothing_of_ours_open()
    {
        int pid = _fixture.Supervisor.Pid;
        string[] stat = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ');
        Assert.Equal(pid.ToString(), stat[3]);
        string[] open = [.. Directory.EnumerateFiles($"/proc/{pid}/fd").Select(f => File.ResolveLinkTarget(f, false)?.FullName ?? "")];
        Assert.Contains("/dev/null", open);
        Assert.All(
            open.Where(f => f.StartsWith('/') && !f.StartsWith($"/proc/{pid}/fd/", StringComparison.Ordinal) && f != "/dev/null"),
            f => Assert.StartsWith(_fixture.Folder, f, StringComparison.Ordinal));
        Assert.DoesNotContain("NOTIFY_SOCKET", File.ReadAllText($"/proc/{pid}/environ"), StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_start_takes_well_under_a_second_and_a_stop_leaves_nothing()
    {
        await using var own = new OwnFolder();
        await using var supervisor = new ContainerdSupervisor(own.Options);
        long begin = Stopwatch.GetTimestamp();
        await supervisor.StartAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        int pid = supervisor.Pid;

        await supervisor.StopAsync();

        Assert.False(Directory.Exists($"/proc/{pid}"));
        Assert.False(File.Exists(own.Options.PidPath));
        Assert.True(took < TimeSpan.FromSeconds(5), $"the start took {took}");
        TestContext.Current.SendDiagnosticMessage($"containerd was ready after {took.TotalMilliseconds:0} ms");
    }

    [HostFact(Need.Root)]
    public async Task A_missing_program_is_one_sentence()
    {
        await using var own = new OwnFolder();

        await using var byPath = new ContainerdSupervisor(own.Options with { Binary = "/nowhere/containerd" });
        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(() => byPath.StartAsync());
        Assert.Equal("there is no containerd at /nowhere/containerd; install it, or set its path", error.Message);

        await using var byName = new ContainerdSupervisor(own.Options with { Binary = "containerd-of-nobody" });
        error = await Assert.ThrowsAsync<ContainerdException>(() => byName.StartAsync());
        Assert.Equal("there is no program 'containerd-of-nobody' on PATH; install containerd, or set its path", error.Message);
        Assert.Equal(ContainerdErrorKind.NotFound, error.Kind);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_socket_path_that_is_too_long_is_one_sentence()
    {
        string state = "/tmp/" + new string('x', 90);
        await using var supervisor = new ContainerdSupervisor(new ContainerdSupervisorOptions { Root = "/tmp/never-made", State = state });

        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(() => supervisor.StartAsync());

        Assert.Equal($"the socket path '{state}/containerd.sock.ttrpc' has 117 bytes; the kernel takes 1 to 107", error.Message);
        Assert.False(Directory.Exists(state));
    }

    [HostFact(Need.Root)]
    public async Task A_program_that_ends_at_once_is_one_sentence_with_its_last_words()
    {
        await using var own = new OwnFolder();
        string fake = Path.Combine(own.Folder, "fake");
        await File.WriteAllTextAsync(fake, "#!/bin/sh\n[ \"$1\" = --version ] && { echo containerd x 9.9 y; exit; }\necho broken by design >&2\nexit 3\n");
        File.SetUnixFileMode(fake, (UnixFileMode)Convert.ToInt32("755", 8));
        await using var supervisor = new ContainerdSupervisor(own.Options with { Binary = fake });

        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(() => supervisor.StartAsync());

        Assert.Equal(ContainerdErrorKind.Unavailable, error.Kind);
        Assert.Equal(
            $"could not start {fake}: it ended with status 3; the last line of {own.Options.LogPath} is: broken by design", error.Message);

        // A failed start holds nothing: the next try fails for the same reason.
        Assert.Equal(error.Message, (await Assert.ThrowsAsync<ContainerdException>(() => supervisor.StartAsync())).Message);
    }

    [HostFact(Need.Root)]
    public async Task A_dead_or_missing_socket_is_one_sentence()
    {
        await using var own = new OwnFolder();
        string path = Path.Combine(own.Folder, "c.sock");
        using var client = new ContainerdClient(new ContainerdOptions { SocketPath = path });

        ContainerdException missing = await Assert.ThrowsAsync<ContainerdException>(() => client.Version.GetAsync());
        Assert.Equal((ContainerdErrorKind.Unavailable, $"could not ask containerd for its version: there is no socket {path}"), (missing.Kind, missing.Message));

        using (var socket = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
            ContainerdException dead = await Assert.ThrowsAsync<ContainerdException>(() => client.Version.GetAsync());
            Assert.Equal(
                (ContainerdErrorKind.Unavailable, $"could not ask containerd for its version: nothing answers on the socket {path}"),
                (dead.Kind, dead.Message));
        }
    }

    private sealed class OwnFolder : IAsyncDisposable
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("sl-").FullName;

        public ContainerdSupervisorOptions Options => new() { Root = Path.Combine(Folder, "r"), State = Path.Combine(Folder, "s") };

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
