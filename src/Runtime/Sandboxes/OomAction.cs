namespace Sleigh.Runtime;

/// <summary>What follows when the kernel killed a command for memory.</summary>
public enum OomAction
{
    /// <summary>The result explains; nothing else is done.</summary>
    Report,

    /// <summary>The sandbox goes back to its newest snapshot.</summary>
    Rollback,
}
