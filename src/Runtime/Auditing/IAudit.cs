namespace Sleigh.Runtime.Auditing;

/// <summary>The record of who changed what. Safe for use by several threads.</summary>
public interface IAudit
{
    /// <summary>Adds a line. Does nothing where <c>audit.enabled</c> is off.</summary>
    /// <returns>False: it could not be written. That has been logged and counted.</returns>
    bool TryWrite(AuditEntry entry);

    /// <summary>Begins to read: the last lines there are, then what is added.</summary>
    /// <param name="last">The most lines to begin with.</param>
    /// <param name="target">Only lines about the thing with this id; null: all.</param>
    AuditTail Read(int last, string? target);

    /// <summary>Completes when a line is added after this call.</summary>
    Task AddedAsync();
}
