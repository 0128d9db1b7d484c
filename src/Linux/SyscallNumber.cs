using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>System call numbers. From 424 on they are the same on every machine; the older ones are not.</summary>
internal static class SyscallNumber
{
    internal const nint OpenTree = 428;
    internal const nint MoveMount = 429;
    internal const nint FsOpen = 430;
    internal const nint FsConfig = 431;
    internal const nint FsMount = 432;
    internal const nint PidFdOpen = 434;
    internal const nint Clone3 = 435;
    internal const nint OpenAt2 = 437;
    internal const nint MountSetAttr = 442;
    internal const nint QuotaCtlFd = 443;
    internal const nint PidFdSendSignal = 424;

    internal static readonly nint OpenAt = Of(257, 56);
    internal static readonly nint FChDir = Of(81, 50);
    internal static readonly nint ChRoot = Of(161, 51);
    internal static readonly nint Unmount2 = Of(166, 39);
    internal static readonly nint SetHostName = Of(170, 161);
    internal static readonly nint GetDirectoryEntries = Of(217, 61);
    internal static readonly nint ExitGroup = Of(231, 94);
    internal static readonly nint Unshare = Of(272, 97);
    internal static readonly nint SetNamespace = Of(308, 268);
    internal static readonly nint Write = Of(1, 64);
    internal static readonly nint IoPrioritySet = Of(251, 30);
    internal static readonly nint SchedSetAffinity = Of(203, 122);
    internal static readonly nint SchedGetAffinity = Of(204, 123);
    internal static readonly nint Bpf = Of(321, 280);
    internal static readonly nint Mount = Of(165, 40);
    internal static readonly nint Socket = Of(41, 198);

    private static nint Of(nint x64, nint arm64) => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => x64,
        Architecture.Arm64 => arm64,
        Architecture other => throw new PlatformNotSupportedException($"Sleigh runs on x64 and arm64, not on {other}"),
    };
}
