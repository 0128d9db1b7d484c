namespace Sleigh.Runtime.Proc;

/// <summary>
/// How many CPUs a sandbox has used, damped exponentially over 1, 5 and 15 minutes. The kernel's load average counts tasks that want to run; of a
/// cgroup it counts none, so this is what they got.
/// </summary>
internal readonly record struct ProcLoad(double One, double Five, double Fifteen)
{
    /// <summary>As it is after a time in which so much CPU time was used.</summary>
    public ProcLoad After(TimeSpan elapsed, TimeSpan used)
    {
        if (elapsed <= TimeSpan.Zero)
        {
            return this;
        }

        double cpus = Math.Max(0, used / elapsed);
        return new ProcLoad(Damp(One, cpus, elapsed, 1), Damp(Five, cpus, elapsed, 5), Damp(Fifteen, cpus, elapsed, 15));
    }

    private static double Damp(double before, double now, TimeSpan elapsed, double minutes)
    {
        double kept = Math.Exp(-elapsed.TotalMinutes / minutes);
        return before * kept + now * (1 - kept);
    }
}
