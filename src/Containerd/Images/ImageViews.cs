namespace Sleigh.Containerd;

/// <summary>One read-only view of each stack of layers: it tells the directories, and keeps them from garbage collection.</summary>
internal sealed class ImageViews
{
    private const string Prefix = "sleigh-view-";

    private readonly ContainerdClient _client;

    public ImageViews(ContainerdClient client)
    {
        _client = client;
    }

    public static string KeyOf(string chainId) => Prefix + Digests.Hex(chainId);

    /// <summary>The stack whose view that is, or null.</summary>
    public static string? ChainIdOf(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && Digests.Prefix + key[Prefix.Length..] is var id && Digests.IsValid(id) ? id : null;

    /// <summary>The directories of a stack, the uppermost first; the stack must be unpacked.</summary>
    public async Task<IReadOnlyList<string>> OpenAsync(string chainId, CancellationToken cancellationToken)
    {
        string key = KeyOf(chainId);
        IReadOnlyList<ContainerdMount> mounts;
        try
        {
            mounts = await _client.Snapshots.ViewAsync(key, chainId, ContentLabels.Root(_client.Time.GetUtcNow()), cancellationToken);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.AlreadyExists)
        {
            mounts = await _client.Snapshots.MountsAsync(key, cancellationToken);
        }

        return LowersOf(mounts);
    }

    public async Task<bool> RemoveAsync(string chainId, CancellationToken cancellationToken)
    {
        try
        {
            await _client.Snapshots.RemoveAsync(KeyOf(chainId), cancellationToken);
            return true;
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return false;
        }
    }

    /// <summary>One layer is shown as a bind mount of its directory, several as an overlay without an upper one.</summary>
    /// <exception cref="ImageException">The mounts are of another kind.</exception>
    public static IReadOnlyList<string> LowersOf(IReadOnlyList<ContainerdMount> mounts)
    {
        const string Option = "lowerdir=";
        if (mounts is [{ Type: "bind", Source: var source }])
        {
            return [source];
        }

        if (mounts is [{ Type: "overlay", Options: var options }]
            && options.FirstOrDefault(o => o.StartsWith(Option, StringComparison.Ordinal)) is { } lowers)
        {
            return lowers[Option.Length..].Split(':');
        }

        throw new ImageException(
            ImageErrorKind.InvalidImage,
            $"containerd's snapshotter gives mounts of the kind '{string.Join(", ", mounts.Select(m => m.Type))}'; Sleigh needs overlayfs");
    }
}
