namespace Sleigh.VmTests.Machine;

/// <summary>The systems that Sleigh is proved on.</summary>
public enum MachineKind
{
    /// <summary>systemd 252, Linux 6.1, containerd 1.6, runc 1.1.</summary>
    Debian12,

    /// <summary>systemd 257, Linux 6.12, containerd 1.7.</summary>
    Debian13,
}

/// <summary>How the scripts call them.</summary>
public static class MachineKinds
{
    /// <summary>The one of this run: <c>SLEIGH_VM_MACHINE</c>, or Debian 12.</summary>
    /// <exception cref="InvalidOperationException">The variable names no machine.</exception>
    public static MachineKind Current { get; } = Parse(Environment.GetEnvironmentVariable("SLEIGH_VM_MACHINE"));

    /// <summary>As <c>scripts/vm.sh</c> takes it.</summary>
    public static string Word(this MachineKind kind) => kind switch
    {
        MachineKind.Debian12 => "debian12",
        MachineKind.Debian13 => "debian13",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown machine"),
    };

    private static MachineKind Parse(string? word) => word switch
    {
        null or "" or "debian12" => MachineKind.Debian12,
        "debian13" => MachineKind.Debian13,
        _ => throw new InvalidOperationException($"SLEIGH_VM_MACHINE is '{word}', must be debian12 or debian13"),
    };
}
