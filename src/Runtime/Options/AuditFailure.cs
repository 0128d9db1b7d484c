namespace Sleigh.Runtime.Options;

/// <summary>What becomes of calls while the audit log cannot be written.</summary>
public enum AuditFailure
{
    /// <summary>They go on; the lines that are lost are counted and told.</summary>
    Continue,

    /// <summary>They are refused, and each one that is let through has a line before it is done as well as after it.</summary>
    Refuse,
}
