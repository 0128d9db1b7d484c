using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>
/// Looks the host over: facts, what they mean for Sleigh, and the command that mends what is amiss. Reads only, and works with and without
/// a running daemon.
/// </summary>
public sealed class Doctor
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly Examination _examination;
    private readonly Func<SleighOptions> _options;
    private readonly bool _serves;
    private readonly TimeProvider _time;
    private readonly bool? _givesUsers;

    /// <summary>Nothing is looked at yet.</summary>
    /// <param name="options">The settings that the daemon has, or would have.</param>
    /// <param name="serves">This process is the daemon, and serves.</param>
    /// <param name="time">The clock.</param>
    /// <param name="givesUsers">Whether the daemon gives sandboxes user namespaces since its start; null: that is not known.</param>
    public Doctor(Func<SleighOptions> options, bool serves, TimeProvider time, bool? givesUsers = null) =>
        (_examination, _options, _serves, _time, _givesUsers) = (new Examination(Limit, time), options, serves, time, givesUsers);

    /// <summary>All checks. None takes longer than five seconds; one that cannot be made is a warning.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task<IReadOnlyList<DoctorCheck>> ExamineAsync(CancellationToken cancellationToken) =>
        _examination.RunAsync([.. Checks(_options())], cancellationToken);

    /// <summary>The check of open files alone: for how many sandboxes the descriptors of this process suffice.</summary>
    public static DoctorCheck OpenFiles()
    {
        Finding finding = LimitChecks.FilesNow();
        return new DoctorCheck(LimitChecks.OpenFiles, finding.Result, finding.Seen, finding.Remedy);
    }

    private IEnumerable<HostCheck> Checks(SleighOptions options) =>
    [
        .. new AccessChecks(options).List(), .. KernelChecks.List(), .. IsolationChecks.List(options, _givesUsers), .. CgroupChecks.List(options.Cgroup.Subtree), .. PressureChecks.List(),
        .. new ContainerdChecks(options, _serves).List(), .. new StorageChecks(options).List(), .. MemoryChecks.List(), .. LimitChecks.List(options.Cgroup.Subtree),
        .. ListenCheck.List(options.Http.Listen, _serves), .. ClockCheck.List(_time), .. ToolChecks.List(), .. new NetworkChecks(options).List(),
    ];
}
