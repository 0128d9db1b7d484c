namespace Sleigh.Runtime.Records;

/// <summary>What is recorded of a mount; Making and Removing rows are cleaned up at start.</summary>
internal enum MountState
{
    /// <summary>Being put in; nothing of it has been answered.</summary>
    Making,

    /// <summary>Made.</summary>
    Live,

    /// <summary>Being taken out.</summary>
    Removing,
}
