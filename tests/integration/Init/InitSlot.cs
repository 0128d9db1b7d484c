using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Runtime;
using Sleigh.Runtime.Init;
using Host = Sleigh.TestSupport.Host;

namespace Sleigh.IntegrationTests.Init;

/// <summary>A real sleigh-init as PID 1 of its own namespaces, with the host's programs as its tree, and a connection to it.</summary>
internal sealed class InitSlot : IAsyncDisposable
{
    /// <summary>Docker's default list.</summary>
    public const ulong DefaultCapabilities = 0xA80425FB;

    private const string DefaultNames =
        "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,"
        + "+mknod,+audit_write,+setfcap";

    private readonly Process _unshare;
    private readonly string _cgroup;
    private readonly ConcurrentDictionary<ExecId, TaskCompletionSource<ExecRecord>> _ends = new();

    private InitSlot(string directory, Process unshare, string cgroup)
    {
        Directory = directory;
        _unshare = unshare;
        _cgroup = cgroup;
    }

    public string Directory { get; }

    public int HostPid { get; private set; }

    public string SocketPath => Path.Combine(Directory, "host", "init.sock");

    public InitConnection Connection { get; private set; } = null!;

    public SafeFileHandle Tree { get; private set; } = null!;

    public string CgroupPath => _cgroup;

    public static async Task<InitSlot> StartAsync(string capabilities = DefaultNames, bool clone3 = true)
    {
        string name = Guid.NewGuid().ToString("n")[..8];
        string directory = $"/tmp/sl-{name}";
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "skeleton"));
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "host"));
        string cgroup = $"/sys/fs/cgroup/unified/sleigh-test-{name}";
        System.IO.Directory.CreateDirectory(cgroup);

        ProcessStartInfo start = new("unshare") { RedirectStandardError = true };
        string script = Path.Combine(Host.Repository, "tests", "integration", "Init", "launch-slot.sh");
        foreach (string argument in (string[])["--pid", "--fork", "--mount", "--uts", "--ipc", "--net", "--propagation",
            "private", "sh", script, directory, Host.InitBinary, Path.Combine(directory, "host"), capabilities,
            .. clone3 ? (string[])[] : ["no clone3"]])
        {
            start.ArgumentList.Add(argument);
        }

        InitSlot slot = new(directory, Process.Start(start)!, cgroup);
        try
        {
            await slot.WaitForSocketAsync();
            slot.HostPid = slot.FindInit();
            slot.Tree = Files.Open(KernelPath.FromString($"/proc/{slot.HostPid}/root/tree"), OpenFlags.PathOnly | OpenFlags.Directory);
            await slot.ConnectAsync();
            return slot;
        }
        catch
        {
            await slot.DisposeAsync();
            throw;
        }
    }

    /// <summary>A new connection, as after a restart of the daemon.</summary>
    public async Task ConnectAsync()
    {
        Connection = await InitConnection.ConnectAsync(SocketPath, CancellationToken.None);
        InitConnection connection = Connection;
        _ = Task.Run(async () =>
        {
            await foreach (ExecEnded ended in connection.Ended.ReadAllAsync())
            {
                End(ended.Id).TrySetResult(ended.Record);
            }
        });
    }

    public async Task<SlotExec> StartAsync(InitStart start, SlotExec exec)
    {
        exec.Outcome = await Connection.StartAsync(start, CancellationToken.None);
        return exec;
    }

    /// <summary>Starts a command with its own cgroup leaf, spools and record; <paramref name="change"/> adjusts the request.</summary>
    public async Task<SlotExec> StartAsync(IReadOnlyList<string> arguments, Func<InitStart, InitStart>? change = null)
    {
        SlotExec exec = new(this, ExecId.New());
        InitStart start = exec.Request(arguments);
        return await StartAsync(change is null ? start : change(start), exec);
    }

    /// <summary>Runs a shell command to its end.</summary>
    public async Task<SlotExec> ShellAsync(string command, Func<InitStart, InitStart>? change = null)
    {
        SlotExec exec = await StartAsync(["sh", "-c", command], change);
        Assert.IsType<StartOutcome.Started>(exec.Outcome);
        await exec.EndAsync();
        return exec;
    }

    public Task<ExecRecord> EndOf(ExecId id) => End(id).Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>A figure of /proc/PID/status of init, in KiB.</summary>
    public int StatusKib(string name) => int.Parse(
        File.ReadLines($"/proc/{HostPid}/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal))
            .Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(),
        CultureInfo.InvariantCulture);

    public int DescriptorCount() => System.IO.Directory.GetFileSystemEntries($"/proc/{HostPid}/fd").Length;

    public bool IsAlive => File.Exists($"/proc/{HostPid}/status");

    public async ValueTask DisposeAsync()
    {
        if (Connection is not null)
        {
            await Connection.DisposeAsync();
        }

        Tree?.Dispose();
        // The whole tree: init's change of user has undone the parent-death signal of unshare --kill-child.
        _unshare.Kill(entireProcessTree: true);
        await _unshare.WaitForExitAsync();
        _unshare.Dispose();
        foreach (string leaf in System.IO.Directory.GetDirectories(_cgroup))
        {
            await RemoveCgroupAsync(leaf);
        }

        await RemoveCgroupAsync(_cgroup);
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private TaskCompletionSource<ExecRecord> End(ExecId id) =>
        _ends.GetOrAdd(id, _ => new TaskCompletionSource<ExecRecord>(TaskCreationOptions.RunContinuationsAsynchronously));

    private static async Task RemoveCgroupAsync(string path)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                System.IO.Directory.Delete(path);
                return;
            }
            catch (IOException) when (i < 100)
            {
                await File.WriteAllTextAsync(Path.Combine(path, "cgroup.kill"), "1");
                await Task.Delay(20);
            }
        }
    }

    private async Task WaitForSocketAsync()
    {
        for (int i = 0; !File.Exists(SocketPath); i++)
        {
            if (_unshare.HasExited || i > 1000)
            {
                throw new InvalidOperationException("sleigh-init did not start: " + await _unshare.StandardError.ReadToEndAsync());
            }

            await Task.Delay(5);
        }
    }

    private int FindInit() => int.Parse(
        File.ReadAllText($"/proc/{_unshare.Id}/task/{_unshare.Id}/children").Trim(), CultureInfo.InvariantCulture);
}
