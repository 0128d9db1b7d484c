using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// The one thread that makes sockets in network namespaces of containers. A socket belongs to the namespace that the thread was in which
/// made it (socket(2), network_namespaces(7)), whoever uses it later: so the thread goes there, makes it and comes back.
/// </summary>
/// <remarks>
/// In between nothing managed runs: a thread that the runtime started from here would stay in the container's namespace. Hence one method,
/// compiled once, that calls the kernel through function pointers only, as <see cref="NamespaceThread"/> does.
/// </remarks>
public sealed unsafe class NetworkThread : IDisposable
{
    private const int NewNetwork = 0x40000000;
    private const int Inet = 2;
    private const int Inet6 = 10;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    private readonly Lock _oneAtATime = new();
    private readonly AutoResetEvent _go = new(false);
    private readonly AutoResetEvent _done = new(false);
    private readonly SafeFileHandle _host;
    private readonly Thread _thread;
    private Journey* _journey;
    private bool _stop;

    private NetworkThread()
    {
        _host = Files.Open("/proc/self/ns/net", OpenFlags.ReadOnly);
        HostInode = Files.Stat(_host).Inode;
        _thread = new Thread(Serve, 256 * 1024) { IsBackground = true, Name = "network namespaces" };
        _thread.Start();
    }

    /// <summary>The inode that names the host's own network namespace.</summary>
    public ulong HostInode { get; }

    /// <summary>Starts the thread and walks once around.</summary>
    /// <exception cref="KernelException">The process may not do that: it needs CAP_SYS_ADMIN.</exception>
    public static NetworkThread Start()
    {
        var thread = new NetworkThread();
        try
        {
            thread.OpenTcp(thread._host, AddressFamily.InterNetwork).Dispose();
            return thread;
        }
        catch (KernelException)
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>A TCP socket in a network namespace, not yet bound or connected. It takes some ten microseconds.</summary>
    /// <param name="networkNamespace">An open /proc/PID/ns/net.</param>
    /// <param name="family">InterNetwork or InterNetworkV6.</param>
    /// <exception cref="KernelException">The kernel refused; EAFNOSUPPORT where it has no IPv6.</exception>
    public Socket OpenTcp(SafeFileHandle networkNamespace, AddressFamily family)
    {
        ArgumentNullException.ThrowIfNull(networkNamespace);
        bool held = false;
        networkNamespace.DangerousAddRef(ref held);
        try
        {
            var journey = new Journey
            {
                Syscall = (delegate* unmanaged<nint, nint, nint, nint, nint>)Native.Syscall,
                ErrnoLocation = (delegate* unmanaged<int*>)Native.Errno,
                Host = Descriptors.Number(_host),
                Target = Descriptors.Number(networkNamespace),
                Family = family == AddressFamily.InterNetworkV6 ? Inet6 : Inet,
                SetNamespace = SyscallNumber.SetNamespace,
                Socket = SyscallNumber.Socket,
            };
            lock (_oneAtATime)
            {
                ObjectDisposedException.ThrowIf(_stop, this);
                _journey = &journey;
                _go.Set();
                _done.WaitOne();
            }

            return journey.Result >= 0
                ? new Socket(new SafeSocketHandle(journey.Result, ownsHandle: true))
                : throw new KernelException(
                    journey.Entered ? "make a socket in" : "enter", Descriptors.Describe(networkNamespace, default), (Errno)journey.ErrorNumber);
        }
        finally
        {
            networkNamespace.DangerousRelease();
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
        _host.Dispose();
    }

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
                Environment.FailFast($"cannot return to the host's network namespace: {KernelException.Describe((Errno)_journey->ErrorNumber)}");
            }

            _done.Set();
        }
    }

    /// <summary>There and back. No managed call in here: see the remarks of the class.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Travel(Journey* j)
    {
        if (j->Syscall(j->SetNamespace, j->Target, NewNetwork, 0) < 0)
        {
            j->Result = -1;
            j->ErrorNumber = *j->ErrnoLocation();
            return;
        }

        j->Entered = true;
        j->Result = j->Syscall(j->Socket, j->Family, Stream | CloseOnExec, 0);
        if (j->Result < 0)
        {
            j->ErrorNumber = *j->ErrnoLocation();
        }

        if (j->Syscall(j->SetNamespace, j->Host, NewNetwork, 0) < 0)
        {
            j->ErrorNumber = *j->ErrnoLocation();
            j->IsStranded = true;
        }
    }

    private struct Journey
    {
        public delegate* unmanaged<nint, nint, nint, nint, nint> Syscall;
        public delegate* unmanaged<int*> ErrnoLocation;
        public nint Host;
        public nint Target;
        public nint Family;
        public nint SetNamespace;
        public nint Socket;
        public nint Result;
        public int ErrorNumber;
        public bool Entered;
        public bool IsStranded;
    }

    private static class Native
    {
        // The C library is in the main program's global scope, whatever its file is called.
        internal static readonly nint Syscall = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "syscall");
        internal static readonly nint Errno = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "__errno_location");
    }
}
