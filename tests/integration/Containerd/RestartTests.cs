using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.Linux;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>containerd dies and comes back while it is used.</summary>
public sealed class RestartTests : IClassFixture<PrivateContainerd>
{
    private readonly PrivateContainerd _fixture;

    public RestartTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    private ContainerdClient Client => _fixture.Client;

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_killed_containerd_is_started_again_and_the_same_client_goes_on()
    {
        string id = await Client.Introspection.GetServerIdAsync();

        await KillAsync();

        Assert.Equal(id, await Eventually.Async(() => Client.Introspection.GetServerIdAsync(), ContainerdErrorKind.Unavailable));
        Assert.Contains("has ended; it is started again", _fixture.Reports, StringComparison.Ordinal);
    }

    [HostFact(Need.Root, Need.Containerd, Need.Runc)]
    public async Task A_call_under_way_fails_clearly_and_the_container_goes_on()
    {
        await using TestContainer container = await TestContainer.MakeAsync(_fixture);
        int pid = await Client.Tasks.CreateAsync(container.Id);
        await Client.Tasks.StartAsync(container.Id);
        await using ContentWriter writer = await Client.Content.OpenWriterAsync("cut");
        await writer.WriteAsync("abc"u8.ToArray());

        await KillAsync();

        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(async () =>
        {
            await writer.WriteAsync("def"u8.ToArray());
            await writer.CommitAsync();
        });
        Assert.Equal(ContainerdErrorKind.Unavailable, error.Kind);
        Assert.Equal("could not write the blob 'cut': the connection to containerd was lost", error.Message);

        TaskState? task = await Eventually.Async(() => Client.Tasks.FindAsync(container.Id), ContainerdErrorKind.Unavailable);
        Assert.Equal((ContainerTaskStatus.Running, pid), (task!.Status, task.Pid));
        await Client.Content.AbortAsync("cut");
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task The_event_stream_tells_of_the_gap()
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var target = new Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:" + new string('3', 64), 7);
        int gaps = 0;
        await foreach (ContainerdEvent item in Client.Events.WatchAsync(stop.Token))
        {
            if (item is ContainerdEvent.Gap { Reason: var reason })
            {
                gaps++;
                if (gaps == 1)
                {
                    Assert.Equal("the stream begins here", reason);
                    await KillAsync();
                    continue;
                }

                Assert.StartsWith("could not follow the events of containerd: ", reason, StringComparison.Ordinal);
                await Client.Images.SetAsync("after", target);
                await Client.Images.DeleteAsync("after");
            }

            if (item is ContainerdEvent.ImageDeleted { Name: "after" })
            {
                break;
            }
        }

        Assert.Equal(2, gaps);
    }

    private async Task KillAsync()
    {
        int pid = _fixture.Supervisor.Pid;
        using ProcessHandle process = ProcessHandle.Open(pid);
        process.TrySignal(Signals.Kill);
        await Eventually.TrueAsync(() => _fixture.Supervisor.Pid != pid, "another containerd is started");
    }
}
