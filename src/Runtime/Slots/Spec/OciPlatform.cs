using System.Runtime.InteropServices;

namespace Sleigh.Runtime.Slots;

/// <summary>What the OCI runtime spec calls this machine.</summary>
internal static class OciPlatform
{
    /// <summary>The native architecture first, then those whose programs it also runs.</summary>
    public static IReadOnlyList<string> SeccompArchitectures { get; } = RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        Architecture.Arm64 => ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        var other => throw new PlatformNotSupportedException($"Sleigh runs on x86-64 and arm64, not on {other}"),
    };
}
