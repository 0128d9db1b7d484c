namespace Sleigh.Runtime.Memory;

/// <summary>What a decision did.</summary>
public enum MemoryAction
{
    /// <summary>Brake and wall rose.</summary>
    Grown,

    /// <summary>They should have risen and did not.</summary>
    Refused,

    /// <summary>They fell, or memory was reclaimed.</summary>
    GivenBack,

    /// <summary>It was frozen and squeezed for the sake of another.</summary>
    Squeezed,
}
