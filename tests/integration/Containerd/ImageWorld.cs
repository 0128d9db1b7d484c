using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>A namespace of containerd for one test, so that what is left in it can be counted.</summary>
internal sealed class ImageWorld
{
    private ImageWorld(ContainerdClient client, ImageLimits? limits)
    {
        Client = client;
        Images = new ImageStore(client, limits);
    }

    public ContainerdClient Client { get; }

    public ImageStore Images { get; }

    public static async Task<ImageWorld> MakeAsync(PrivateContainerd fixture, ImageLimits? limits = null)
    {
        string name = "t" + Guid.NewGuid().ToString("N")[..8];
        await fixture.Client.Namespaces.EnsureAsync(name);
        return new ImageWorld(fixture.Client.WithNamespace(name), limits);
    }

    public Task<IReadOnlyList<string>> ImportAsync(TestArchive archive, string? name = null) => ImportAsync(archive.Build(), name);

    public Task<IReadOnlyList<string>> ImportAsync(byte[] archive, string? name = null) =>
        Images.ImportAsync(new ForwardStream(archive), name);

    public async Task<ImageException> RefuseAsync(byte[] archive, string? name = null)
    {
        ImageException error = await Assert.ThrowsAsync<ImageException>(() => ImportAsync(archive, name));
        await AssertEmptyAsync();
        return error;
    }

    public Task<ImageException> RefuseAsync(TestArchive archive, string? name = null) => RefuseAsync(archive.Build(), name);

    /// <summary>Nothing half made: no name, blob, snapshot, lease or begun write.</summary>
    public async Task AssertEmptyAsync()
    {
        Assert.Empty(await Client.Images.ListAsync());
        Assert.Empty(await Client.Leases.ListAsync());
        Assert.Empty(await Client.Content.ListIngestsAsync());
        Assert.Empty(await Client.Content.ListAsync());
        Assert.Empty(await Client.Snapshots.ListAsync());
    }

    /// <summary>What a socket is: it cannot seek, and gives what it has.</summary>
    private sealed class ForwardStream : MemoryStream
    {
        public ForwardStream(byte[] bytes)
            : base(bytes)
        {
        }

        public override bool CanSeek => false;

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 10_000));
    }
}
