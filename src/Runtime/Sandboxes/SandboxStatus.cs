namespace Sleigh.Runtime;

/// <summary>What a sandbox is doing.</summary>
public enum SandboxStatus
{
    /// <summary>Admitted, being built.</summary>
    Created,

    /// <summary>Ready for commands.</summary>
    Running,

    /// <summary>Frozen by the daemon; a command thaws it.</summary>
    Paused,

    /// <summary>Its processes are gone; files and settings are kept, and the next command starts it.</summary>
    Exited,
}
