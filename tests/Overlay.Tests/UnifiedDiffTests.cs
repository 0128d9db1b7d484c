using System.Diagnostics;
using Sleigh.Linux;

namespace Sleigh.Overlay.Tests;

public sealed class UnifiedDiffTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("a\n", "a\n", "")]
    [InlineData("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n")]
    [InlineData("a", "", "@@ -1,1 +0,0 @@\n-a\n\\ No newline at end of file\n")]
    [InlineData("a", "a\n", "@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n")]
    [InlineData("a\r\n", "a\n", "@@ -1,1 +1,1 @@\n-a\r\n+a\n")]
    [InlineData("a\rb", "a\rc", "@@ -1,1 +1,1 @@\n-a\rb\n\\ No newline at end of file\n+a\rc\n\\ No newline at end of file\n")]
    [InlineData("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n6\n5\n", "@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+6\n 5\n")]
    public void Hunks_are_as_patch_reads_them(string before, string after, string hunks) => Assert.Equal(hunks, UnifiedDiff.Hunks(before, after));

    [Fact]
    public void Changes_whose_context_touches_share_a_hunk_and_others_do_not()
    {
        string before = string.Concat(Enumerable.Range(1, 30).Select(i => $"{i}\n"));

        Assert.Equal(
            "@@ -2,14 +2,14 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n 9\n 10\n 11\n-12\n+y\n 13\n 14\n 15\n",
            UnifiedDiff.Hunks(before, before.Replace("\n5\n", "\nx\n", StringComparison.Ordinal).Replace("\n12\n", "\ny\n", StringComparison.Ordinal)));
        Assert.Equal(
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n@@ -10,7 +10,7 @@\n 10\n 11\n 12\n-13\n+y\n 14\n 15\n 16\n",
            UnifiedDiff.Hunks(before, before.Replace("\n5\n", "\nx\n", StringComparison.Ordinal).Replace("\n13\n", "\ny\n", StringComparison.Ordinal)));
    }

    [Fact]
    public void Large_texts_are_compared_only_as_far_as_their_changes_lie_close()
    {
        string[] lines = [.. Enumerable.Range(1, 100_000).Select(i => $"{i}\n")];
        string before = string.Concat(lines);

        Assert.Equal("@@ -49998,7 +49998,6 @@\n 49998\n 49999\n 50000\n-50001\n 50002\n 50003\n 50004\n", UnifiedDiff.Hunks(before, string.Concat(lines.Where((_, i) => i != 50_000))));
        Assert.Null(UnifiedDiff.Hunks(before, string.Concat(lines.Select((line, i) => i is 10 or 90_000 ? "x\n" : line))));
        Assert.NotNull(UnifiedDiff.Hunks("", before));

        // The worst that is compared at all: no line is the same.
        long began = Stopwatch.GetTimestamp();
        Assert.NotNull(UnifiedDiff.Hunks(string.Concat(lines[..10_000]), string.Concat(lines[10_000..20_000])));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("/plain/ümläut", "a/plain/ümläut")]
    [InlineData("/with space", "\"a/with space\"")]
    [InlineData("/quo\"te\\\n\t\u0001", "\"a/quo\\\"te\\\\\\n\\t\\001\"")]
    public void Names_that_programs_would_misread_are_quoted(string path, string shown) =>
        Assert.StartsWith($"diff --git {shown} ", PatchHeader.Of(new TreeDifference(path, TreeChange.Added, null, default(FileStatus)), hasHunks: false), StringComparison.Ordinal);

    [Fact]
    public void A_header_tells_of_modes_new_files_deleted_files_and_renames()
    {
        FileStatus plain = default(FileStatus) with { Mode = 0x1A4 };
        FileStatus program = default(FileStatus) with { Mode = 0x1ED };
        KernelPath odd = KernelPath.FromBytes([(byte)'/', 0xFF]);

        Assert.Equal(
            "diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n", PatchHeader.Of(new TreeDifference("/x", TreeChange.Added, null, program), true));
        Assert.Equal(
            "diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n", PatchHeader.Of(new TreeDifference("/x", TreeChange.Deleted, plain, null), true));
        Assert.Equal(
            "diff --git \"a/\\377\" b/x\nold mode 100644\nnew mode 100755\nrename from \"\\377\"\nrename to x\n",
            PatchHeader.Of(new TreeDifference("/x", TreeChange.Renamed, plain, program) { From = odd }, false));
    }
}
