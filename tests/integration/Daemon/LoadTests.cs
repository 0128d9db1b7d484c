using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Many at once: none lost, none mixed, nothing held on to.</summary>
[Collection(DaemonCollection.Name)]
public sealed class LoadTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Two_hundred_execs_at_once_over_five_sandboxes_are_all_right()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => fixture.Client.NewAsync(image)));
        await Task.WhenAll(ids.Select(id => fixture.Client.RunAsync(id, "true")));
        await Consistency.SettledAsync(fixture.Daemon);
        string[] before = await StableDescriptorsAsync();

        ExecReply[] replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => fixture.Client.ExecAsync(
            ids[n % 5], $"i=0; while [ $i -lt 50 ]; do echo out-{n}-$i; echo err-{n}-$i >&2; i=$((i+1)); done; exit {n % 7}")));

        for (int n = 0; n < replies.Length; n++)
        {
            Assert.True(replies[n].ExitCode == n % 7, replies[n].ToString());
            Assert.Equal(string.Concat(Enumerable.Range(0, 50).Select(i => $"out-{n}-{i}\n")), replies[n].Stdout);
            Assert.Equal(string.Concat(Enumerable.Range(0, 50).Select(i => $"err-{n}-{i}\n")), replies[n].Stderr);
        }

        Assert.Equal(200, replies.Select(r => r.Id).Distinct().Count());
        await NoMoreDescriptorsThanAsync(before);
        await Task.WhenAll(ids.Select(fixture.Client.DeleteAsync));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Ten_sandboxes_made_at_once_all_work()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);

        string[] ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => fixture.Client.NewAsync(image)));

        Assert.Equal(10, ids.Distinct().Count());
        string[] names = await Task.WhenAll(ids.Select((id, n) => fixture.Client.RunAsync(id, $"echo {n} > /n; hostname; cat /n")));
        Assert.Equal(10, names.Distinct().Count());
        Assert.All(names.Select((text, n) => (text, n)), pair => Assert.EndsWith($"\n{pair.n}\n", pair.text, StringComparison.Ordinal));
        await Task.WhenAll(ids.Select(fixture.Client.DeleteAsync));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Making_and_deleting_sandboxes_leaves_no_descriptor_slot_or_layer()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        async Task RoundAsync()
        {
            string id = await fixture.Client.NewAsync(image);
            await fixture.Client.RunAsync(id, "echo x > /x");
            string snapshot = await fixture.Client.SnapshotAsync(id);
            await fixture.Client.RollbackAsync(id, snapshot);
            string[] forks = await fixture.Client.ForkAsync(id, 2);
            await Task.WhenAll(forks.Append(id).Select(fixture.Client.DeleteAsync));
        }

        await RoundAsync();
        await Consistency.SettledAsync(fixture.Daemon);
        string[] before = await StableDescriptorsAsync();
        for (int i = 0; i < 5; i++)
        {
            await RoundAsync();
        }

        await Consistency.SettledAsync(fixture.Daemon);
        await NoMoreDescriptorsThanAsync(before);
    }

    private async Task NoMoreDescriptorsThanAsync(string[] before)
    {
        string[] now = before;
        await Poll.UntilAsync(
            () => (now = Descriptors()).Length <= before.Length,
            10,
            () => $"the daemon held {before.Length} descriptors before, now {now.Length}; new: {string.Join(", ", now.Except(before))}");
    }

    // The server notices a moment later that a client has gone.
    private async Task<string[]> StableDescriptorsAsync()
    {
        string[] seen = Descriptors();
        for (int same = 0; same < 5;)
        {
            await Task.Delay(50);
            string[] now = Descriptors();
            (same, seen) = now.Length == seen.Length ? (same + 1, seen) : (0, now);
        }

        return seen;
    }

    private string[] Descriptors()
    {
        fixture.Client.DropConnections();
        string[] all = fixture.Daemon.OpenDescriptors();
        string[] outputs = [.. all.Where(file => file.StartsWith($"{fixture.Daemon.DataDir}/execs/", StringComparison.Ordinal))];

        // No command runs: three files each of those that are made ahead, of which there are now more and now less.
        Assert.InRange(outputs.Length, 0, 3 * 8);
        return [.. all.Where(file => !outputs.Contains(file))];
    }
}
