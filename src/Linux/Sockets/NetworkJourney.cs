using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sleigh.Linux.Sockets;

/// <summary>A system call to make in another network namespace.</summary>
internal struct NetworkCall
{
    public nint Number;
    public nint A;
    public nint B;
    public nint C;
    public nint D;
    public nint E;

    /// <summary>Whether <see cref="A"/> is what the call before it gave.</summary>
    public bool TakesResult;

    /// <summary>What it gave; -1 before.</summary>
    public nint Result;
}

/// <summary>
/// The way into a network namespace and back, with system calls in between. Nothing managed runs there: a thread that the runtime started from there would stay in
/// that namespace. Hence one method, compiled once, that calls the kernel through function pointers only, as <see cref="NamespaceThread"/> does.
/// </summary>
internal static unsafe class NetworkJourney
{
    /// <summary>CLONE_NEWNET.</summary>
    public const int NewNetwork = 0x40000000;

    /// <summary>The <see cref="Plan.Target"/> of a namespace that is made on the way.</summary>
    public const nint Fresh = -1;

    /// <summary>A plan without calls yet.</summary>
    /// <param name="host">The open namespace to come back to.</param>
    /// <param name="target">The open namespace to enter, or <see cref="Fresh"/>.</param>
    /// <param name="calls">The calls, at an address that stays.</param>
    /// <param name="count">How many.</param>
    public static Plan To(nint host, nint target, NetworkCall* calls, int count) => new()
    {
        Syscall = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint>)Native.Syscall,
        ErrnoLocation = (delegate* unmanaged<int*>)Native.Errno,
        Host = host,
        Target = target,
        SetNamespace = SyscallNumber.SetNamespace,
        Unshare = SyscallNumber.Unshare,
        Calls = calls,
        Count = count,
    };

    /// <summary>There and back, on the calling thread, and the process ends where there is no way back.</summary>
    /// <returns>Whether all calls were made and none failed.</returns>
    public static bool Make(Plan* plan)
    {
        Travel(plan);
        if (plan->IsStranded)
        {
            Environment.FailFast($"cannot return to the host's network namespace: {KernelException.Describe((Errno)plan->ErrorNumber)}");
        }

        return plan->IsDone;
    }

    /// <summary>No managed call in here: see the summary of the class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Travel(Plan* p)
    {
        nint entered = p->Target == Fresh ? p->Syscall(p->Unshare, NewNetwork, 0, 0, 0, 0) : p->Syscall(p->SetNamespace, p->Target, NewNetwork, 0, 0, 0);
        if (entered < 0)
        {
            p->ErrorNumber = *p->ErrnoLocation();
            return;
        }

        p->HasEntered = true;
        nint last = -1;
        int made = 0;
        for (; made < p->Count; made++)
        {
            NetworkCall* c = p->Calls + made;
            last = p->Syscall(c->Number, c->TakesResult ? last : c->A, c->B, c->C, c->D, c->E);
            c->Result = last;
            if (last < 0)
            {
                p->ErrorNumber = *p->ErrnoLocation();
                break;
            }
        }

        p->IsDone = made == p->Count;
        if (p->Syscall(p->SetNamespace, p->Host, NewNetwork, 0, 0, 0) < 0)
        {
            p->ErrorNumber = *p->ErrnoLocation();
            p->IsStranded = true;
        }
    }

    /// <summary>One journey, and how it went.</summary>
    public struct Plan
    {
        internal delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint> Syscall;
        internal delegate* unmanaged<int*> ErrnoLocation;
        internal nint Host;
        internal nint Target;
        internal nint SetNamespace;
        internal nint Unshare;
        internal NetworkCall* Calls;
        internal int Count;
        internal bool IsStranded;

        /// <summary>Whether all calls were made and none failed.</summary>
        public bool IsDone;

        /// <summary>Whether the namespace was entered at all.</summary>
        public bool HasEntered;

        /// <summary>errno of what failed.</summary>
        public int ErrorNumber;
    }

    private static class Native
    {
        // The C library is in the main program's global scope, whatever its file is called.
        internal static readonly nint Syscall = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "syscall");
        internal static readonly nint Errno = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "__errno_location");
    }
}
