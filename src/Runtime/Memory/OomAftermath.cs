namespace Sleigh.Runtime.Memory;

/// <summary>What followed when the kernel had killed a command for memory.</summary>
internal abstract record OomAftermath
{
    /// <summary>Nothing was rolled back: it was not asked for, or it failed and everything is as it was.</summary>
    public sealed record Nothing : OomAftermath;

    /// <summary>The sandbox has the files of this snapshot again, because <c>on_oom</c> asked for it.</summary>
    public sealed record RolledBack(SnapshotId Snapshot) : OomAftermath;

    /// <summary>A rollback was asked for, and there is no snapshot.</summary>
    public sealed record NoSnapshot : OomAftermath;

    /// <summary>The caller has rolled the sandbox back or deleted it meanwhile; that is told elsewhere.</summary>
    public sealed record Overtaken : OomAftermath;

    /// <summary>The daemon is stopping; its next start does it.</summary>
    public sealed record Postponed : OomAftermath;
}
