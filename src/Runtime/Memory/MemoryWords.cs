using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>The words of the contract for decisions about memory; the same in replies, events and metrics.</summary>
public static class MemoryWords
{
    /// <summary>What set a growth off.</summary>
    public static string Word(this GrowthTrigger trigger) => trigger switch
    {
        GrowthTrigger.High => "high",
        GrowthTrigger.Psi => "psi",
        GrowthTrigger.Usage => "usage",
        GrowthTrigger.Manual => "manual",
        _ => throw new ArgumentOutOfRangeException(nameof(trigger), trigger, "unknown trigger"),
    };

    /// <summary>What a decision did.</summary>
    public static string Word(this MemoryAction action) => action switch
    {
        MemoryAction.Grown => "grown",
        MemoryAction.Refused => "refused",
        MemoryAction.GivenBack => "given_back",
        MemoryAction.Squeezed => "squeezed",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "unknown action"),
    };

    /// <summary>Why a limit did not grow.</summary>
    public static string Word(this RefusalCause cause) => cause switch
    {
        RefusalCause.Off => "off",
        RefusalCause.Ceiling => "ceiling",
        RefusalCause.HostShort => "host_short",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, "unknown cause"),
    };
}
