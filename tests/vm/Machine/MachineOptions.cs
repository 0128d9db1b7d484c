namespace Sleigh.VmTests.Machine;

/// <summary>What a machine shall be like.</summary>
public sealed record MachineOptions
{
    /// <summary>Which system.</summary>
    public MachineKind Kind { get; init; } = MachineKinds.Current;

    /// <summary>Its memory in MiB.</summary>
    public int MemoryMiB { get; init; } = 2560;

    /// <summary>Its ports that shall be reached from here, on a free port of 127.0.0.1 each: <see cref="VirtualMachine.ForwardedPort"/>.</summary>
    public IReadOnlyList<int> Forward { get; init; } = [10122];

    /// <summary>How long it may take to boot, once its image is there.</summary>
    public TimeSpan BootTime { get; init; } = TimeSpan.FromMinutes(4);
}
