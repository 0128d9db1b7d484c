namespace Sleigh.Runtime.Images;

/// <summary>Which images a clean-up removes.</summary>
internal static class PruneChoice
{
    /// <summary>Those not in use, not kept, and unused for long enough; the longest unused first.</summary>
    /// <param name="images">All images.</param>
    /// <param name="kept">Full names that stay whatever their use.</param>
    /// <param name="now">The time.</param>
    /// <param name="unusedFor">How long an image must have been unused. One that was never used counts from when it came.</param>
    public static IReadOnlyList<ImageSummary> Choose(
        IEnumerable<ImageSummary> images, IReadOnlySet<string> kept, DateTimeOffset now, TimeSpan unusedFor) =>
        [.. images.Where(i => !i.InUse && !kept.Contains(i.Name) && now - LastUse(i) >= unusedFor)
            .OrderBy(LastUse).ThenBy(i => i.Name, StringComparer.Ordinal)];

    /// <summary>Bytes of the files that only removed images have.</summary>
    public static long FreedBytes(IEnumerable<Containerd.ImageSummary> all, IReadOnlySet<string> removed)
    {
        Containerd.ImageSummary[] images = [.. all];
        HashSet<string> left = [.. images.Where(i => !removed.Contains(i.Name)).SelectMany(i => i.Blobs.Keys)];
        return images.Where(i => removed.Contains(i.Name)).SelectMany(i => i.Blobs).DistinctBy(b => b.Key).Where(b => !left.Contains(b.Key)).Sum(b => b.Value);
    }

    private static DateTimeOffset LastUse(ImageSummary image) => image.LastUsed is { } used && used > image.Created ? used : image.Created;
}
