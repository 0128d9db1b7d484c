using Sleigh.Linux;

namespace Sleigh.Runtime.Tests.Inspecting;

public sealed class FsckFindingTests
{
    [Fact]
    public void Errors_that_a_disk_has_counted_are_the_administrators_and_say_what_to_do()
    {
        FsckFinding finding = Fsck.OfDisk("/var/lib/sleigh/layers", new BtrfsErrorCount("1", "corruption_errs", 3));

        Assert.Equal(("disk_errors", "/var/lib/sleigh/layers: corruption_errs of device 1", FsckOutcome.Manual), (finding.Kind, finding.Subject, finding.Outcome));
        Assert.Equal(
            "The btrfs of the layers has counted 3 of them; files may be damaged. Look at the kernel log and the disk, find the files with "
            + "'sleighctl storage scrub', after which the kernel log names them, take them out of a snapshot or a backup, and then reset the counters with 'btrfs device stats -z'.",
            finding.Explanation);
    }
}
