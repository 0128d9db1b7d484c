using Sleigh.Containerd;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Support;

/// <summary>
/// A containerd of its own for one test class, in a short temporary directory. Use it as a class fixture; where the host has no
/// containerd or no root, it stays unstarted and the tests skip themselves. At the end it must leave nothing behind.
/// </summary>
public sealed class PrivateContainerd : IAsyncLifetime
{
    private readonly List<string> _reports = [];
    private ContainerdSupervisor? _supervisor;
    private ContainerdClient? _client;

    /// <summary>A directory for the tests' own files; removed at the end.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("sl-").FullName;

    public ContainerdClient Client => _client ?? throw new InvalidOperationException("this host has no containerd or no root");

    public ContainerdSupervisor Supervisor => _supervisor ?? throw new InvalidOperationException("this host has no containerd or no root");

    public ContainerdSupervisorOptions Options { get; private set; } = null!;

    public string Reports => string.Join('\n', _reports);

    public async ValueTask InitializeAsync()
    {
        Options = new ContainerdSupervisorOptions
        {
            Root = Path.Combine(Folder, "r"),
            State = Path.Combine(Folder, "s"),
            Report = _reports.Add,
        };
        if (!Host.Has(Need.Root) || !Host.Has(Need.Containerd))
        {
            return;
        }

        _supervisor = new ContainerdSupervisor(Options);
        await _supervisor.StartAsync();
        _client = new ContainerdClient(new ContainerdOptions { SocketPath = Options.SocketPath });
        await _client.Namespaces.EnsureAsync(ContainerdOptions.DefaultNamespace);
    }

    /// <summary>The daemon dies and comes back: containerd goes on and is adopted.</summary>
    public async Task<ContainerdSupervisor> RestartSupervisorAsync()
    {
        await Supervisor.DisposeAsync();
        _supervisor = new ContainerdSupervisor(Options);
        await _supervisor.StartAsync();
        return _supervisor;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_client is not null)
            {
                await RemoveTasksAsync();
                _client.Dispose();
            }
        }
        finally
        {
            if (_supervisor is not null)
            {
                await _supervisor.StopAsync();
                await _supervisor.DisposeAsync();
            }

            // Shims end a moment after their task is removed.
            for (int i = 0; i < 400 && ProcessesNaming(Folder).Any(); i++)
            {
                await Task.Delay(5);
            }

            string[] mounts = [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(Folder, StringComparison.Ordinal))];
            string[] processes = [.. ProcessesNaming(Folder)];
            Assert.Empty(mounts);
            Assert.Empty(processes);
            Directory.Delete(Folder, recursive: true);
        }
    }

    private async Task RemoveTasksAsync()
    {
        foreach (TaskState task in await _client!.Tasks.ListAsync())
        {
            if (task.Status != ContainerTaskStatus.Stopped)
            {
                Task<TaskExit> exit = _client.Tasks.WaitAsync(task.ContainerId);
                await _client.Tasks.KillAsync(task.ContainerId, Signals.Kill, all: true);
                await exit.WaitAsync(TimeSpan.FromSeconds(30));
            }

            await _client.Tasks.DeleteAsync(task.ContainerId);
        }

        foreach (ContainerRecord container in await _client.Containers.ListAsync())
        {
            await _client.Containers.DeleteAsync(container.Id);
        }
    }

    /// <summary>Processes whose command line names this text; ended ones that nobody has reaped have none.</summary>
    private static IEnumerable<string> ProcessesNaming(string text)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            string line;
            try
            {
                line = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
            }
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (line.Contains(text, StringComparison.Ordinal))
            {
                yield return $"{Path.GetFileName(folder)}: {line}";
            }
        }
    }
}
