using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Linux;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Storage;

/// <summary>When the layers are checked by the clock, and what is kept of it.</summary>
public sealed class ScrubsTests : IDisposable
{
    private static readonly TimeSpan _month = TimeSpan.FromDays(30);
    private static readonly DateTimeOffset _then = new(2026, 11, 1, 3, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-scrubs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_first_comes_an_interval_after_the_installation_and_the_next_an_interval_after_the_end()
    {
        ScrubReport none = new();
        ScrubReport one = Last(ScrubOutcome.Completed, _then + TimeSpan.FromHours(2));

        Assert.False(Scrubs.IsDue(none, _then, _month, isQuiet: true, _then + _month - TimeSpan.FromSeconds(1)));
        Assert.True(Scrubs.IsDue(none, _then, _month, isQuiet: true, _then + _month));
        Assert.False(Scrubs.IsDue(one, _then - _month, _month, isQuiet: true, _then + _month));
        Assert.True(Scrubs.IsDue(one, _then - _month, _month, isQuiet: true, _then + _month + TimeSpan.FromHours(2)));
        Assert.True(Scrubs.IsDue(Last(ScrubOutcome.Cancelled, _then), _then, _month, isQuiet: true, _then + _month));
        Assert.False(Scrubs.IsDue(Last(ScrubOutcome.Cancelled, _then), _then, _month, isQuiet: true, _then + TimeSpan.FromDays(2)));
    }

    [Fact]
    public void A_moment_without_commands_is_waited_for_a_day_long_and_one_at_a_time_runs()
    {
        Assert.False(Scrubs.IsDue(new ScrubReport(), _then, _month, isQuiet: false, _then + _month + TimeSpan.FromHours(23)));
        Assert.True(Scrubs.IsDue(new ScrubReport(), _then, _month, isQuiet: false, _then + _month + TimeSpan.FromDays(1)));
        Assert.False(Scrubs.IsDue(new ScrubReport { Running = new Scrub { Started = _then } }, _then, _month, isQuiet: true, _then + (3 * _month)));
    }

    [Theory]
    [InlineData(ScrubOutcome.Interrupted)]
    [InlineData(ScrubOutcome.Failed)]
    public void One_that_did_not_come_to_its_end_is_begun_again_a_day_later(ScrubOutcome outcome)
    {
        Assert.False(Scrubs.IsDue(Last(outcome, null), _then, _month, isQuiet: true, _then + TimeSpan.FromHours(23)));
        Assert.True(Scrubs.IsDue(Last(outcome, null), _then, _month, isQuiet: true, _then + TimeSpan.FromDays(1)));
        Assert.True(Scrubs.IsDue(Last(outcome, null), _then, TimeSpan.FromHours(1), isQuiet: true, _then + TimeSpan.FromHours(1)));
    }

    [Fact]
    public async Task One_that_was_cut_off_by_a_kill_says_so_at_the_next_start_and_after_it()
    {
        string cut = """{"Running":{"Outcome":"Running","Started":"2026-11-01T03:00:00+00:00","Percent":0,"Count":{}},"Last":{"Outcome":"Completed","Count":{"ChecksumErrors":2}}}""";
        for (int start = 0; start < 2; start++)
        {
            using RecordStore records = RecordStore.Open(Path.Combine(_folder, "db"));
            if (start == 0)
            {
                records.ReplaceMeta("scrub", cut);
            }

            await using Scrubs scrubs = new(null!, records, new LiveOptions(new SleighOptions()), () => true, TimeProvider.System, NullLogger.Instance);

            Assert.Null(scrubs.Report.Running);
            Assert.Equal((ScrubOutcome.Interrupted, _then, null), (scrubs.Report.Last!.Outcome, scrubs.Report.Last.Started, scrubs.Report.Last.Ended));
            Assert.False(await scrubs.CancelAsync());
        }
    }

    [Fact]
    public void Fsck_tells_of_errors_that_the_last_one_found()
    {
        Scrub bad = new() { Outcome = ScrubOutcome.Completed, Started = _then, Count = new BtrfsScrubCount { ChecksumErrors = 3, Uncorrectable = 2 } };

        FsckFinding finding = Assert.Single(Fsck.Scrub("/d/pool", bad));

        Assert.Equal(("scrub_errors", "/d/pool", FsckOutcome.Manual), (finding.Kind, finding.Subject, finding.Outcome));
        Assert.StartsWith("The check of 2026-11-01 03:00:00Z found 3 errors, of which 2 stay: the kernel log of that time names the files", finding.Explanation, StringComparison.Ordinal);
        Assert.Empty(Fsck.Scrub("/d/pool", bad with { Count = new BtrfsScrubCount { Bytes = 9 } }));
        Assert.Empty(Fsck.Scrub("/d/pool", null));
    }

    private static ScrubReport Last(ScrubOutcome outcome, DateTimeOffset? ended) => new() { Last = new Scrub { Outcome = outcome, Started = _then, Ended = ended } };
}
