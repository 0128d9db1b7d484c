using System.Diagnostics;
using System.Text;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Containers that run, by runc.</summary>
public sealed class TasksTests : IClassFixture<PrivateContainerd>
{
    private readonly PrivateContainerd _fixture;

    public TasksTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    private ContainerdClient Client => _fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task A_task_is_made_started_killed_and_removed()
    {
        await using TestContainer container = await TestContainer.MakeAsync(_fixture);
        int pid = await Client.Tasks.CreateAsync(container.Id);
        Assert.Equal(ContainerTaskStatus.Created, (await Client.Tasks.FindAsync(container.Id))!.Status);

        Assert.Equal(pid, await Client.Tasks.StartAsync(container.Id));
        TaskState running = (await Client.Tasks.FindAsync(container.Id))!;
        Assert.Equal((container.Id, ContainerTaskStatus.Running, pid), (running.ContainerId, running.Status, running.Pid));
        Assert.Contains(await Client.Tasks.ListAsync(), t => t.ContainerId == container.Id && t.Pid == pid);
        Assert.Equal([pid], await Client.Tasks.ListPidsAsync(container.Id));

        Task<TaskExit> exit = Client.Tasks.WaitAsync(container.Id);
        await Client.Tasks.KillAsync(container.Id, Signals.Kill);
        Assert.Equal(128 + Signals.Kill, (await exit).ExitStatus);
        Assert.Equal(ContainerTaskStatus.Stopped, (await Client.Tasks.FindAsync(container.Id))!.Status);
        Assert.Equal(128 + Signals.Kill, (await Client.Tasks.DeleteAsync(container.Id)).ExitStatus);
        Assert.Null(await Client.Tasks.FindAsync(container.Id));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task An_exec_gives_its_output_and_status()
    {
        await using TestContainer container = await TestContainer.MakeAsync(_fixture);
        await Client.Tasks.CreateAsync(container.Id);
        await Client.Tasks.StartAsync(container.Id);

        string fifo = Path.Combine(_fixture.Folder, "out");
        using (Process mkfifo = Process.Start("mkfifo", fifo))
        {
            await mkfifo.WaitForExitAsync();
        }

        Task<string> output = Task.Run(() => File.ReadAllText(fifo));
        await Client.Tasks.ExecAsync(container.Id, "e1", TestContainer.Process("/hello"), new TaskIo(Stdout: fifo, Stderr: fifo));
        Task<TaskExit> exit = Client.Tasks.WaitAsync(container.Id, "e1");
        Assert.True(await Client.Tasks.StartAsync(container.Id, "e1") > 0);
        Assert.Equal(0, (await exit).ExitStatus);
        await Client.Tasks.DeleteExecAsync(container.Id, "e1");
        Assert.Equal("hello\n", await output);

        await Client.Tasks.ExecAsync(container.Id, "e2", TestContainer.Process("/seven"));
        await Client.Tasks.StartAsync(container.Id, "e2");
        Assert.Equal(7, (await Client.Tasks.WaitAsync(container.Id, "e2")).ExitStatus);
        Assert.Equal(7, (await Client.Tasks.DeleteExecAsync(container.Id, "e2")).ExitStatus);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task Limits_of_a_running_task_can_be_changed()
    {
        await using TestContainer container = await TestContainer.MakeAsync(_fixture);
        await Client.Tasks.CreateAsync(container.Id);
        await Client.Tasks.StartAsync(container.Id);

        await Client.Tasks.UpdateAsync(container.Id, Encoding.UTF8.GetBytes("""{"pids":{"limit":17}}"""));

        string[] limits = [.. Directory.EnumerateDirectories("/sys/fs/cgroup")
            .Append("/sys/fs/cgroup")
            .Select(hierarchy => Path.Combine(hierarchy, $"sleigh-test-{container.Id}", "pids.max"))
            .Where(File.Exists)];
        Assert.All(limits, file => Assert.Equal("17", File.ReadAllText(file).Trim()));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task An_error_names_the_deed_the_task_and_the_reason()
    {
        ContainerdException missing = await Assert.ThrowsAsync<ContainerdException>(() => Client.Tasks.StartAsync("nobody"));
        Assert.Equal(ContainerdErrorKind.NotFound, missing.Kind);
        Assert.Equal("could not start the task 'nobody': containerd said: container \"nobody\" in namespace \"sleigh\": not found", missing.Message);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task A_call_ends_at_its_time_limit_or_when_the_caller_gives_up()
    {
        await using TestContainer container = await TestContainer.MakeAsync(_fixture);
        await Client.Tasks.CreateAsync(container.Id);
        await Client.Tasks.StartAsync(container.Id);

        using var stop = new CancellationTokenSource(50);
        OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Client.Tasks.WaitAsync(container.Id, cancellationToken: stop.Token));
        Assert.Equal(stop.Token, cancelled.CancellationToken);

        using var hasty = new ContainerdClient(Client.Options with { CallTimeout = TimeSpan.FromTicks(1) });
        ContainerdException late = await Assert.ThrowsAsync<ContainerdException>(() => hasty.Tasks.ListAsync());
        Assert.Equal(ContainerdErrorKind.DeadlineExceeded, late.Kind);
        Assert.StartsWith("could not list the tasks: ", late.Message, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task Events_tell_of_start_exit_and_removal()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        List<ContainerdEvent> seen = [];
        var gap = new TaskCompletionSource();
        string id = "";
        Task watching = Task.Run(async () =>
        {
            await foreach (ContainerdEvent item in Client.Events.WatchAsync(stop.Token))
            {
                lock (seen)
                {
                    seen.Add(item);
                }

                if (item is ContainerdEvent.Gap)
                {
                    gap.SetResult();
                }

                if (item is ContainerdEvent.ContainerDeleted deleted && deleted.ContainerId == Volatile.Read(ref id))
                {
                    break;
                }
            }
        });
        await gap.Task.WaitAsync(stop.Token);

        await using (TestContainer container = await TestContainer.MakeAsync(_fixture))
        {
            Volatile.Write(ref id, container.Id);
            await Client.Tasks.CreateAsync(container.Id);
            await Client.Tasks.StartAsync(container.Id);
            await Client.Tasks.ExecAsync(container.Id, "e1", TestContainer.Process("/seven"));
            await Client.Tasks.StartAsync(container.Id, "e1");
            await Client.Tasks.WaitAsync(container.Id, "e1");
            await Client.Tasks.DeleteExecAsync(container.Id, "e1");
        }

        await watching;
        Assert.Contains(seen, e => e is ContainerdEvent.TaskStarted { Pid: > 0 } s && s.ContainerId == id);
        Assert.Contains(seen, e => e is ContainerdEvent.TaskExited { ExecId: "e1", ExitStatus: 7 } x && x.ContainerId == id);
        Assert.Contains(seen, e => e is ContainerdEvent.TaskExited { ExecId: "", ExitStatus: 137 } x && x.ContainerId == id);
        Assert.Contains(seen, e => e is ContainerdEvent.TaskDeleted { ExecId: "" } d && d.ContainerId == id);
        Assert.Single(seen, e => e is ContainerdEvent.Gap);
    }
}
