using Sleigh.Runtime.Images;

namespace Sleigh.Runtime.Tests.Images;

public sealed class PruneChoiceTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly HashSet<string> None = [];

    [Fact]
    public void What_is_in_use_or_kept_stays_however_old_it_is() =>
        Assert.Equal(["c"], Names(PruneChoice.Choose(
            [Image("a", 900) with { InUse = true }, Image("b", 900), Image("c", 900)], new HashSet<string> { "b" }, Now, TimeSpan.Zero)));

    [Fact]
    public void Days_count_from_the_last_use_or_from_the_coming_of_an_image_that_was_never_used()
    {
        ImageSummary[] images =
        [
            Image("used lately", 100) with { LastUsed = Now.AddDays(-29) },
            Image("used once", 100) with { LastUsed = Now.AddDays(-31) },
            Image("never used", 30),
            Image("new", 29),
            Image("came back after its last use", 1) with { LastUsed = Now.AddDays(-50) },
        ];

        Assert.Equal(["used once", "never used"], Names(PruneChoice.Choose(images, None, Now, TimeSpan.FromDays(30))));
    }

    [Fact]
    public void Zero_takes_all_that_are_not_in_use_the_longest_unused_first() =>
        Assert.Equal(["c", "a", "b"], Names(PruneChoice.Choose([Image("b", 0), Image("a", 1), Image("c", 2)], None, Now, TimeSpan.Zero)));

    [Fact]
    public void The_longest_time_takes_nothing() =>
        Assert.Empty(PruneChoice.Choose([Image("a", 10_000)], None, Now, TimeSpan.MaxValue));

    [Fact]
    public void Freed_is_what_no_image_has_any_more()
    {
        Containerd.ImageSummary[] all =
        [
            Stored("a", ("m1", 1), ("base", 100), ("l1", 10)),
            Stored("b", ("m2", 2), ("base", 100), ("l2", 20)),
            Stored("c", ("m3", 4), ("base", 100), ("l2", 20)),
        ];

        Assert.Equal(11, PruneChoice.FreedBytes(all, new HashSet<string> { "a" }));
        Assert.Equal(2, PruneChoice.FreedBytes(all, new HashSet<string> { "b" }));
        Assert.Equal(26, PruneChoice.FreedBytes(all, new HashSet<string> { "b", "c" }));
        Assert.Equal(137, PruneChoice.FreedBytes(all, new HashSet<string> { "a", "b", "c" }));
    }

    private static ImageSummary Image(string name, int days) => new(name, "sha256:00", 1, Now.AddDays(-days));

    private static Containerd.ImageSummary Stored(string name, params (string Digest, long Size)[] blobs) =>
        new(name, "sha256:00", blobs.Sum(b => b.Size), Now) { Blobs = blobs.ToDictionary(b => b.Digest, b => b.Size) };

    private static IEnumerable<string> Names(IEnumerable<ImageSummary> images) => images.Select(i => i.Name);
}
