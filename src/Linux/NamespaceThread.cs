using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// The one thread that enters mount namespaces of containers. A thread inside one would look up every path there, those
/// of the runtime's own libraries too: the tenant could have the host load his code. So it keeps a file-system state of
/// its own (unshare CLONE_FS), steps back to the host's root at once after setns, and between the two setns does only
/// what a <see cref="NamespaceProgram"/> lists.
/// </summary>
/// <remarks>
/// Why the callers wait on an event and nothing is posted from this thread: a thread that it started (the pool grows on
/// whatever thread queues work, the JIT's background worker starts where a method gets hot) would share its file-system
/// state, and with that setns fails with EINVAL. So the state is unshared anew before each journey, and the journey itself
/// is one method, compiled once, that calls the kernel through function pointers only.
/// </remarks>
public sealed unsafe class NamespaceThread : IDisposable
{
    internal const int NewUts = 0x04000000;
    private const int NewNamespace = 0x00020000;
    private const int CloneFs = 0x00000200;
    private const int Stranded = 70; // EX_SOFTWARE

    private static readonly byte[] LastWords = Pinned(
        "sleigh: a thread could not leave a container's mount namespace; ending the process\n"u8);

    private static readonly byte[] Dot = Pinned(".\0"u8);
    private static readonly byte[] Slash = Pinned("/\0"u8);

    private readonly Lock _oneAtATime = new();
    private readonly AutoResetEvent _go = new(false);
    private readonly AutoResetEvent _done = new(false);
    private readonly SafeFileHandle _hostRoot;
    private readonly SafeFileHandle _hostMounts;
    private readonly SafeFileHandle _hostUts;
    private readonly Thread _thread;
    private Journey* _journey;
    private bool _stop;

    private NamespaceThread()
    {
        _hostRoot = Files.Open("/", OpenFlags.PathOnly | OpenFlags.Directory);
        _hostMounts = Files.Open("/proc/self/ns/mnt", OpenFlags.ReadOnly);
        _hostUts = Files.Open("/proc/self/ns/uts", OpenFlags.ReadOnly);
        _thread = new Thread(Serve, 256 * 1024) { IsBackground = true, Name = "namespaces" };
        _thread.Start();
    }

    /// <summary>Starts the thread and walks once around, into the host's own namespace and back.</summary>
    /// <exception cref="KernelException">The process may not do that: it needs CAP_SYS_ADMIN and CAP_SYS_CHROOT.</exception>
    public static NamespaceThread Start()
    {
        var thread = new NamespaceThread();
        try
        {
            // Compiles and binds all that the journey needs while we still are at home.
            using var nothing = new NamespaceProgram { OpensRoot = true };
            thread.Run(thread._hostMounts, nothing);
            return thread;
        }
        catch (KernelException)
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>Runs a program inside a mount namespace, one caller at a time, and waits for it (most take well under 1 ms).</summary>
    /// <exception cref="KernelException">A step failed; those after it were not made, those before it stay done.</exception>
    public void Run(SafeFileHandle mountNamespace, NamespaceProgram program)
    {
        bool held = false;
        mountNamespace.DangerousAddRef(ref held);
        try
        {
            var journey = new Journey
            {
                Syscall = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint>)NativeSyscall.Address,
                ErrnoLocation = (delegate* unmanaged<int*>)NativeSyscall.ErrnoAddress,
                HostRoot = Descriptors.Number(_hostRoot),
                HostMounts = Descriptors.Number(_hostMounts),
                HostUts = program.EntersUts ? Descriptors.Number(_hostUts) : -1,
                TargetMounts = Descriptors.Number(mountNamespace),
                OpensRoot = program.OpensRoot,
                Root = -1,
                RootFlags = NativeOpenFlags.Of(OpenFlags.PathOnly | OpenFlags.Directory),
                Steps = program.Prepare(out int count),
                StepCount = count,
                Dot = Address(Dot),
                Slash = Address(Slash),
                LastWords = Address(LastWords),
                LastWordsLength = LastWords.Length,
                Unshare = SyscallNumber.Unshare,
                SetNamespace = SyscallNumber.SetNamespace,
                OpenAt = SyscallNumber.OpenAt,
                FChDir = SyscallNumber.FChDir,
                ChRoot = SyscallNumber.ChRoot,
                Write = SyscallNumber.Write,
                ExitGroup = SyscallNumber.ExitGroup,
                FailedStep = NoFailure,
            };

            lock (_oneAtATime)
            {
                ObjectDisposedException.ThrowIf(_stop, this);
                _journey = &journey;
                _go.Set();
                _done.WaitOne();
            }

            program.RootDescriptor = (int)journey.Root;
            if (journey.FailedStep != NoFailure)
            {
                throw new KernelException(
                    journey.FailedStep switch
                    {
                        FailedToLeave => "prepare to enter",
                        FailedToEnter => "enter",
                        FailedToOpenRoot => "open the root of",
                        int step => $"{program.Describe(step)} in",
                    },
                    Descriptors.Describe(mountNamespace, default),
                    (Errno)journey.Errno);
            }
        }
        finally
        {
            GC.KeepAlive(program);
            mountNamespace.DangerousRelease();
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_oneAtATime)
        {
            if (_stop)
            {
                return;
            }

            _stop = true;
            _go.Set();
        }

        _thread.Join();
        _go.Dispose();
        _done.Dispose();
        _hostRoot.Dispose();
        _hostMounts.Dispose();
        _hostUts.Dispose();
    }

    private const int NoFailure = -1;
    private const int FailedToLeave = -2;
    private const int FailedToEnter = -3;
    private const int FailedToOpenRoot = -4;

    private void Serve()
    {
        while (true)
        {
            _go.WaitOne();
            if (_stop)
            {
                return;
            }

            Travel(_journey);
            if (_journey->IsStranded)
            {
                // The host's paths still hold for this thread, so this reads nothing of the container's.
                Environment.FailFast($"cannot return to the host's namespaces: {KernelException.Describe((Errno)_journey->Errno)}");
            }

            _done.Set();
        }
    }

    /// <summary>There and back. No managed call in here: see the remarks of the class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Travel(Journey* j)
    {
        if (j->Syscall(j->Unshare, CloneFs, 0, 0, 0, 0) < 0)
        {
            j->FailedStep = FailedToLeave;
            j->Errno = *j->ErrnoLocation();
            return;
        }

        if (j->Syscall(j->SetNamespace, j->TargetMounts, NewNamespace, 0, 0, 0) < 0)
        {
            j->FailedStep = FailedToEnter;
            j->Errno = *j->ErrnoLocation();
            return;
        }

        // setns made the namespace's topmost root ours; "/" looks up nothing in it.
        if (j->OpensRoot)
        {
            j->Root = j->Syscall(j->OpenAt, -100, j->Slash, j->RootFlags, 0, 0);
            if (j->Root < 0)
            {
                j->FailedStep = FailedToOpenRoot;
                j->Errno = *j->ErrnoLocation();
            }
        }

        bool home = j->Syscall(j->FChDir, j->HostRoot, 0, 0, 0, 0) == 0
            && j->Syscall(j->ChRoot, j->Dot, 0, 0, 0, 0) == 0;

        if (home && j->FailedStep == NoFailure)
        {
            for (int i = 0; i < j->StepCount; i++)
            {
                NamespaceProgram.Step* s = j->Steps + i;
                nint a = Argument(j, s, 0);
                nint b = Argument(j, s, 1);
                nint c = Argument(j, s, 2);
                nint d = Argument(j, s, 3);
                nint e = Argument(j, s, 4);
                s->Result = j->Syscall(s->Number, a, b, c, d, e);
                if (s->Result < 0)
                {
                    j->FailedStep = i;
                    j->Errno = *j->ErrnoLocation();
                    break;
                }
            }
        }

        nint back = j->Syscall(j->SetNamespace, j->HostMounts, NewNamespace, 0, 0, 0);
        if (back < 0 && home)
        {
            j->Errno = *j->ErrnoLocation();
            j->IsStranded = true;
            return;
        }

        // Also after a good return: the host's root may be another one than its namespace's.
        if (back < 0
            || j->Syscall(j->FChDir, j->HostRoot, 0, 0, 0, 0) < 0
            || j->Syscall(j->ChRoot, j->Dot, 0, 0, 0, 0) < 0)
        {
            // Paths are the container's: nothing managed may run any more, not even FailFast.
            j->Syscall(j->Write, 2, j->LastWords, j->LastWordsLength, 0, 0);
            j->Syscall(j->ExitGroup, Stranded, 0, 0, 0, 0);
        }

        if (j->HostUts >= 0 && j->Syscall(j->SetNamespace, j->HostUts, NewUts, 0, 0, 0) < 0)
        {
            j->Errno = *j->ErrnoLocation();
            j->IsStranded = true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Argument(Journey* j, NamespaceProgram.Step* s, int index) =>
        (s->ResultMask & (1 << index)) != 0 ? (j->Steps + s->Arguments[index])->Result : (nint)s->Arguments[index];

    private static byte[] Pinned(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        return pinned;
    }

    private static nint Address(byte[] pinned) => (nint)Unsafe.AsPointer(ref pinned[0]);

    private struct Journey
    {
        public delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint> Syscall;
        public delegate* unmanaged<int*> ErrnoLocation;
        public nint HostRoot;
        public nint HostMounts;
        public nint HostUts;
        public nint TargetMounts;
        public bool OpensRoot;
        public nint Root;
        public nint RootFlags;
        public NamespaceProgram.Step* Steps;
        public int StepCount;
        public nint Dot;
        public nint Slash;
        public nint LastWords;
        public nint LastWordsLength;
        public nint Unshare;
        public nint SetNamespace;
        public nint OpenAt;
        public nint FChDir;
        public nint ChRoot;
        public nint Write;
        public nint ExitGroup;
        public int FailedStep;
        public int Errno;
        public bool IsStranded;
    }

    private static class NativeSyscall
    {
        // The C library is in the main program's global scope, whatever its file is called.
        internal static readonly nint Address = Export("syscall");
        internal static readonly nint ErrnoAddress = Export("__errno_location");

        private static nint Export(string name) => NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), name);
    }
}
