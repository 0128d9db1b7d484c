using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Bpf;

/// <summary>
/// Which device nodes the processes of a cgroup and of all cgroups below it can open: a program of type
/// BPF_PROG_TYPE_CGROUP_DEVICE (Linux 4.15), cgroup version 2's way to do what the <c>devices</c> controller did in version 1. Making a
/// node is left alone, since one that cannot be opened is harmless. The kernel keeps the program for as long as the cgroup is there.
/// Loading and attaching need CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN.
/// </summary>
public sealed class DeviceFilter : IDisposable
{
    private const nint ProgramLoad = 5;
    private const nint ProgramAttach = 8;
    private const uint CgroupDeviceProgram = 15;
    private const uint CgroupDeviceAttach = 6;
    private const uint AllowMulti = 2;

    private const int MostTries = 20;

    private readonly SafeFileHandle _program;

    private DeviceFilter(SafeFileHandle program) => _program = program;

    /// <summary>
    /// Loads a filter that lets these devices be opened and no other. Tried again where a signal came in between: the verifier gives up with EAGAIN then
    /// (do_check in kernel/bpf/verifier.c of Linux 6.1), and the runtime of .NET sends itself signals.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused: EPERM without the right, EINVAL without CONFIG_CGROUP_BPF.</exception>
    public static unsafe DeviceFilter Load(IReadOnlyList<CharacterDevice> allowed)
    {
        ulong[] program = DeviceProgram.Assemble(allowed);
        fixed (ulong* instructions = program)
        fixed (byte* license = "Apache-2.0\0"u8)
        {
            LoadArguments arguments = new()
            {
                Type = CgroupDeviceProgram, Count = (uint)program.Length, Instructions = (ulong)instructions, License = (ulong)license,
            };
            nint descriptor;
            int tries = 0;
            do
            {
                descriptor = Syscall.Invoke(SyscallNumber.Bpf, ProgramLoad, (nint)(&arguments), sizeof(LoadArguments));
            }
            while (descriptor < 0 && (Errno)Marshal.GetLastPInvokeError() == Errno.EAGAIN && ++tries < MostTries);
            return descriptor >= 0
                ? new DeviceFilter(new SafeFileHandle(descriptor, ownsHandle: true))
                : throw KernelException.Last("load a filter of", "devices");
        }
    }

    /// <summary>Puts the filter in force, beside others that are there (BPF_F_ALLOW_MULTI): all of them must let an access pass.</summary>
    /// <param name="cgroup">The cgroup's directory, opened for reading.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public unsafe void Attach(SafeFileHandle cgroup)
    {
        AttachArguments arguments = new()
        {
            Target = (uint)Descriptors.Number(cgroup), Program = (uint)Descriptors.Number(_program), Type = CgroupDeviceAttach, Flags = AllowMulti,
        };
        if (Syscall.Invoke(SyscallNumber.Bpf, ProgramAttach, (nint)(&arguments), sizeof(AttachArguments)) != 0)
        {
            throw KernelException.Last("filter the devices of", cgroup, default);
        }

        GC.KeepAlive(cgroup);
        GC.KeepAlive(_program);
    }

    /// <summary>Lets go of the program; where it is attached it stays in force.</summary>
    public void Dispose() => _program.Dispose();

    // The leading members of union bpf_attr (include/uapi/linux/bpf.h); the kernel takes the rest as zero.
    [StructLayout(LayoutKind.Sequential)]
    private struct LoadArguments
    {
        public uint Type;
        public uint Count;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong LogBuffer;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AttachArguments
    {
        public uint Target;
        public uint Program;
        public uint Type;
        public uint Flags;
    }
}
