namespace Sleigh.Runtime.Init;

/// <summary>The step at which a start failed; the error number beside it is that step's.</summary>
public enum StartStage
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>A value was out of range (EINVAL), or the id is in use (EEXIST).</summary>
    Request = 1,

    /// <summary>Too many execs at one time.</summary>
    Limit = 2,

    /// <summary>A descriptor is not what it must be, or sleigh-init has no room for more (EMFILE).</summary>
    Descriptors = 3,

    /// <summary>The payload does not fit its counts.</summary>
    Payload = 4,

    /// <summary>The pipes for the output could not be made.</summary>
    Pipes = 5,

    /// <summary>No terminal could be opened.</summary>
    Terminal = 6,

    /// <summary>The process could not be made: EAGAIN is the pids limit, EBUSY and ENODEV speak of the cgroup.</summary>
    Clone = 7,

    /// <summary>The process could not move to its cgroup (only where clone3 is refused).</summary>
    Cgroup = 8,

    /// <summary>oom_score_adj could not be set.</summary>
    OomScore = 9,

    /// <summary>The root could not be entered.</summary>
    Root = 10,

    /// <summary>No session, or the terminal could not become its own.</summary>
    Session = 11,

    /// <summary>Descriptors 0, 1 and 2 could not be set up.</summary>
    Stdio = 12,

    /// <summary>Resource limits could not be set.</summary>
    Rlimits = 13,

    /// <summary>Capabilities could not be reduced.</summary>
    Capabilities = 14,

    /// <summary>The groups could not be set.</summary>
    Groups = 15,

    /// <summary>The user could not be set.</summary>
    User = 16,

    /// <summary>The seccomp filter could not be installed.</summary>
    Seccomp = 17,

    /// <summary>The working directory could not be entered: missing, no directory, or not allowed to this user.</summary>
    WorkingDirectory = 18,

    /// <summary>The program could not be run: missing (ENOENT), not allowed (EACCES), not a program (ENOEXEC).</summary>
    Exec = 19,
}
