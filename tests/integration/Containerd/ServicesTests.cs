using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Every service but tasks, against a real containerd.</summary>
public sealed class ServicesTests : IClassFixture<PrivateContainerd>
{
    private readonly PrivateContainerd _fixture;

    public ServicesTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    private ContainerdClient Client => _fixture.Client;

    [HostFact(Need.Root, Need.Containerd)]
    public async Task The_version_is_the_programs()
    {
        ContainerdVersion version = await Client.Version.GetAsync();

        Assert.Matches("^v?[0-9]+\\.[0-9]+", version.Version);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Only_the_wanted_plugins_are_loaded()
    {
        IReadOnlyList<ContainerdPlugin> plugins = await Client.Introspection.ListPluginsAsync();

        Assert.Contains(plugins, p => p is { Type: "io.containerd.snapshotter.v1", Id: "overlayfs", Error: null });
        Assert.DoesNotContain(plugins, p => p.Id is "cri" or "btrfs" or "zfs" or "devmapper" or "aufs" or "opt" or "restart" or "nri");
        foreach (string service in "containers content diff events images introspection leases namespaces snapshots tasks version".Split(' '))
        {
            Assert.Contains(plugins, p => p.Type == "io.containerd.grpc.v1" && p.Id == service && p.Error is null);
        }

        Assert.NotEmpty(await Client.Introspection.GetServerIdAsync());
        ContainerdPlugin one = Assert.Single(
            await Client.Introspection.ListPluginsAsync(["type==io.containerd.snapshotter.v1,id==overlayfs"]));
        Assert.Equal("overlayfs", one.Id);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_namespace_is_made_once_and_can_go()
    {
        await Client.Namespaces.EnsureAsync("other");
        await Client.Namespaces.EnsureAsync("other");
        Assert.Contains("other", await Client.Namespaces.ListAsync());

        await Client.Namespaces.DeleteAsync("other");
        Assert.DoesNotContain("other", await Client.Namespaces.ListAsync());
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_lease_keeps_a_blob_until_it_is_dropped()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(5000);
        await Client.Leases.CreateAsync("l1", DateTimeOffset.UtcNow.AddHours(1), new Dictionary<string, string> { ["a"] = "b" });
        Lease lease = Assert.Single(await Client.Leases.ListAsync(), l => l.Id == "l1");
        Assert.Equal("b", lease.Labels["a"]);

        string digest = await WriteAsync(Client.WithLease("l1"), "w1", bytes);
        Assert.Equal([new LeaseResource("content", digest)], await Client.Leases.ListResourcesAsync("l1"));
        Assert.NotNull(await Client.Content.FindAsync(digest));

        await Client.Leases.CreateAsync("l2");
        await Client.Leases.AddAsync("l2", new LeaseResource("content", digest));
        await Client.Leases.DeleteAsync("l1", collect: true);
        Assert.NotNull(await Client.Content.FindAsync(digest));

        await Client.Leases.DeleteAsync("l2", collect: true);
        Assert.Null(await Client.Content.FindAsync(digest));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_blob_is_written_read_labelled_and_removed()
    {
        await using TestLease lease = await TestLease.MakeAsync(Client);
        byte[] bytes = RandomNumberGenerator.GetBytes(3_500_000);
        string digest = await WriteAsync(lease.Client, "w2", bytes);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)), digest);

        Assert.Equal(bytes, await Client.Content.ReadSmallAsync(digest, 4_000_000));
        ContainerdException tooLarge = await Assert.ThrowsAsync<ContainerdException>(() => Client.Content.ReadSmallAsync(digest, 100));
        Assert.Equal($"could not read the blob {digest}: it is larger than 100 bytes", tooLarge.Message);
        List<byte> part = [];
        await foreach (ReadOnlyMemory<byte> piece in Client.Content.ReadAsync(digest, 1_000_000, 10))
        {
            part.AddRange(piece.Span);
        }

        Assert.Equal(bytes[1_000_000..1_000_010], part);
        Assert.Equal("v", (await Client.Content.SetLabelsAsync(digest, new Dictionary<string, string> { ["k"] = "v" })).Labels["k"]);
        Assert.Contains(await Client.Content.ListAsync(), c => c.Digest == digest && c.Size == bytes.Length);

        ContainerdException again = await Assert.ThrowsAsync<ContainerdException>(
            () => Client.Content.OpenWriterAsync("w3", bytes.Length, digest));
        Assert.Equal(ContainerdErrorKind.AlreadyExists, again.Kind);

        await Client.Content.DeleteAsync(digest);
        Assert.Null(await Client.Content.FindAsync(digest));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_broken_off_write_is_resumed_where_it_stopped()
    {
        await using TestLease lease = await TestLease.MakeAsync(Client);
        byte[] bytes = RandomNumberGenerator.GetBytes(2_000_000);
        await using (ContentWriter first = await lease.Client.Content.OpenWriterAsync("w4", bytes.Length))
        {
            await first.WriteAsync(bytes.AsMemory(0, 1_200_000));
        }

        Assert.Equal(1_200_000, (await Client.Content.FindIngestAsync("w4"))!.Offset);
        Assert.Contains(await Client.Content.ListIngestsAsync(), i => i.Ref == "w4");

        // The server lets go of the name a moment after our end of the call is closed.
        await using ContentWriter second = await Eventually.Async(
            () => lease.Client.Content.OpenWriterAsync("w4", bytes.Length), ContainerdErrorKind.Unavailable);
        Assert.Equal(1_200_000, second.Offset);
        await second.WriteAsync(bytes.AsMemory(1_200_000));
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)), await second.CommitAsync());
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_blob_of_another_digest_is_not_committed()
    {
        await using TestLease lease = await TestLease.MakeAsync(Client);
        await using ContentWriter writer = await lease.Client.Content.OpenWriterAsync("w5");
        await writer.WriteAsync("abc"u8.ToArray());

        ContainerdException error = await Assert.ThrowsAsync<ContainerdException>(() => writer.CommitAsync("sha256:" + new string('0', 64)));

        Assert.Equal(ContainerdErrorKind.FailedPrecondition, error.Kind);
        Assert.StartsWith("could not write the blob 'w5': containerd said: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("unexpected commit digest", error.Message, StringComparison.Ordinal);
        await Client.Content.AbortAsync("w5");
        Assert.Null(await Client.Content.FindIngestAsync("w5"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Overlay)]
    public async Task Snapshots_are_prepared_committed_viewed_and_removed()
    {
        await using TestLease lease = await TestLease.MakeAsync(Client);
        SnapshotsService snapshots = lease.Client.Snapshots;
        ContainerdMount mount = Assert.Single(await snapshots.PrepareAsync("p1", ""));
        Assert.Equal("bind", mount.Type);
        await File.WriteAllTextAsync(Path.Combine(mount.Source, "a"), "x");
        await snapshots.CommitAsync("c1", "p1", new Dictionary<string, string> { ["k"] = "v" });

        SnapshotInfo info = (await snapshots.FindAsync("c1"))!;
        Assert.Equal((SnapshotKind.Committed, "", "v"), (info.Kind, info.Parent, info.Labels["k"]));
        Assert.True((await snapshots.UsageAsync("c1")).Inodes > 0);

        ContainerdMount view = Assert.Single(await snapshots.ViewAsync("v1", "c1"));
        Assert.True(File.Exists(Path.Combine(view.Source, "a")));
        Assert.Contains("ro", view.Options);
        Assert.Equal(view.Source, Assert.Single(await snapshots.MountsAsync("v1")).Source);
        Assert.Equal(["c1", "v1"], (await snapshots.ListAsync()).Select(s => s.Key).Order());

        await snapshots.RemoveAsync("v1");
        await snapshots.RemoveAsync("c1");
        Assert.Null(await snapshots.FindAsync("c1"));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task An_image_record_is_made_moved_and_removed()
    {
        var target = new Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:" + new string('1', 64), 7);
        await Client.Images.SetAsync("i1", target);
        await Client.Images.SetAsync("i1", target with { Size = 8 });

        Assert.Equal(8, (await Client.Images.FindAsync("i1"))!.Target.Size);
        Assert.Contains(await Client.Images.ListAsync(), i => i.Name == "i1");
        await Client.Images.DeleteAsync("i1", collect: true);
        Assert.Null(await Client.Images.FindAsync("i1"));
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Containers_are_found_by_label_and_relabelled()
    {
        byte[] spec = Encoding.UTF8.GetBytes("""{"ociVersion":"1.0.2"}""");
        await Client.Containers.CreateAsync(new NewContainer
        {
            Id = "c1",
            Spec = spec,
            RuntimeOptions = new RuncOptions { BinaryName = "runc" },
            Labels = new Dictionary<string, string> { ["sleigh.instance"] = "a", ["x"] = "y" },
        });

        ContainerdException twice = await Assert.ThrowsAsync<ContainerdException>(
            () => Client.Containers.CreateAsync(new NewContainer { Id = "c1", Spec = spec }));
        Assert.Equal(ContainerdErrorKind.AlreadyExists, twice.Kind);
        Assert.StartsWith("could not make the container 'c1': containerd said: ", twice.Message, StringComparison.Ordinal);

        ContainerRecord found = Assert.Single(await Client.Containers.ListAsync(["labels.\"sleigh.instance\"==a"]));
        Assert.Equal(spec, found.Spec.ToArray());
        Assert.Equal("io.containerd.runc.v2", found.Runtime);
        Assert.Empty(await Client.Containers.ListAsync(["labels.\"sleigh.instance\"==b"]));

        ContainerRecord relabelled = await Client.Containers.SetLabelsAsync("c1", new Dictionary<string, string> { ["x"] = "z" });
        Assert.Equal(("a", "z"), (relabelled.Labels["sleigh.instance"], relabelled.Labels["x"]));

        await Client.Containers.DeleteAsync("c1");
        Assert.Null(await Client.Containers.FindAsync("c1"));
        ContainerdException gone = await Assert.ThrowsAsync<ContainerdException>(() => Client.Containers.DeleteAsync("c1"));
        Assert.Equal(ContainerdErrorKind.NotFound, gone.Kind);
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Five_hundred_calls_at_once_are_all_answered_over_one_connection()
    {
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < 200; i++)
        {
            await Client.Version.GetAsync();
        }

        double each = Stopwatch.GetElapsedTime(begin).TotalMilliseconds / 200;
        begin = Stopwatch.GetTimestamp();
        ContainerdVersion[] versions = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => Client.Version.GetAsync()));

        Assert.Single(versions.Distinct());
        TestContext.Current.SendDiagnosticMessage(
            $"a call takes {each:0.00} ms; 500 at once take {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:0} ms");
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task Another_namespace_is_another_world()
    {
        var target = new Descriptor("application/vnd.oci.image.manifest.v1+json", "sha256:" + new string('2', 64), 7);
        await Client.Images.SetAsync("i2", target);

        Assert.Null(await Client.WithNamespace("elsewhere").Images.FindAsync("i2"));
        await Client.Images.DeleteAsync("i2");
    }

    private static async Task<string> WriteAsync(ContainerdClient client, string ingest, byte[] bytes)
    {
        await using ContentWriter writer = await client.Content.OpenWriterAsync(ingest, bytes.Length);
        await writer.WriteAsync(bytes);
        return await writer.CommitAsync();
    }
}
