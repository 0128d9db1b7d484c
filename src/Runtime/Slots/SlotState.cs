namespace Sleigh.Runtime.Slots;

/// <summary>What is recorded of a slot. Whatever a start of the daemon finds in Making, Claiming or Ending is destroyed.</summary>
internal enum SlotState
{
    /// <summary>Recorded; the container may or may not exist.</summary>
    Making,

    /// <summary>Ready for any image.</summary>
    Parked,

    /// <summary>A tree is being mounted into it.</summary>
    Claiming,

    /// <summary>A sandbox runs in it.</summary>
    Claimed,

    /// <summary>Being destroyed.</summary>
    Ending,
}
