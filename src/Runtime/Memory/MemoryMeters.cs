using System.Diagnostics.Metrics;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>The counters of memory that <c>/metrics</c> shows. No tag holds an id.</summary>
public static class MemoryMeters
{
    /// <summary>The meter's name.</summary>
    public const string Name = "Sleigh.Memory";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Growths = Meter.CreateCounter<long>("sleigh_memory_growth_total", null, "Decisions to grow a limit.");
    private static readonly Histogram<double> Delays = Meter.CreateHistogram<double>(
        "sleigh_memory_growth_delay_seconds", "s", "Time from the kernel's notification to the written limit.");
    private static readonly Counter<long> OomKills = Meter.CreateCounter<long>("sleigh_oom_kills_total", null, "Processes the kernel killed for memory.");
    private static readonly Counter<double> Stalls = Meter.CreateCounter<double>(
        "sleigh_memory_stall_seconds_total", "s", "Time in which commands of sandboxes were stalled for memory.");
    private static readonly Counter<long> GivenBack = Meter.CreateCounter<long>(
        "sleigh_memory_given_back_bytes_total", "By", "Memory taken back from sandboxes that no longer needed it.");

    /// <summary>
    /// Makes every counter known, with 0 for each set of its tags, to who listens already: otherwise the first event of a kind would come with
    /// its series, and a rate could not see it.
    /// </summary>
    public static void Announce()
    {
        foreach (GrowthTrigger trigger in Enum.GetValues<GrowthTrigger>())
        {
            Growths.Add(0, Tags(trigger, true));
            Growths.Add(0, Tags(trigger, false));
        }

        OomKills.Add(0);
        Stalls.Add(0);
        GivenBack.Add(0);
    }

    /// <summary>A decision to grow was made.</summary>
    public static void Growth(GrowthTrigger trigger, bool granted) => Growths.Add(1, Tags(trigger, granted));

    /// <summary>A limit was written this long after the kernel's notification.</summary>
    public static void Delay(GrowthTrigger trigger, TimeSpan delay) => Delays.Record(delay.TotalSeconds, Tags(trigger, true));

    /// <summary>The kernel killed processes for memory.</summary>
    public static void OomKilled(long processes) => OomKills.Add(processes);

    /// <summary>Commands were stalled for so long.</summary>
    public static void Stalled(TimeSpan time) => Stalls.Add(time.TotalSeconds);

    /// <summary>So much was taken back.</summary>
    public static void GaveBack(long bytes) => GivenBack.Add(bytes);

    private static KeyValuePair<string, object?>[] Tags(GrowthTrigger trigger, bool granted) =>
    [
        new("trigger", trigger.Word()),
        new("granted", granted ? "true" : "false"),
    ];
}
