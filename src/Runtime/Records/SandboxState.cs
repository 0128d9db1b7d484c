namespace Sleigh.Runtime.Records;

/// <summary>What is recorded of a sandbox; Making and Deleting rows are cleaned up at start.</summary>
internal enum SandboxState
{
    /// <summary>Being made; nothing of it has been answered.</summary>
    Making,

    /// <summary>Made.</summary>
    Live,

    /// <summary>Deleted for callers; its files are being removed.</summary>
    Deleting,
}
