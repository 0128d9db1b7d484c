using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Sockets;

/// <summary>
/// The one thread that makes sockets in network namespaces of containers. A socket belongs to the namespace that the thread was in which
/// made it (socket(2), network_namespaces(7)), whoever uses it later: so the thread goes there, makes it and comes back.
/// </summary>
/// <remarks>In between nothing managed runs: see <see cref="NetworkJourney"/>.</remarks>
public sealed unsafe class NetworkThread : IDisposable
{
    private const int Inet = 2;
    private const int Inet6 = 10;
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    private readonly Lock _oneAtATime = new();
    private readonly AutoResetEvent _go = new(false);
    private readonly AutoResetEvent _done = new(false);
    private readonly SafeFileHandle _host;
    private readonly Thread _thread;
    private NetworkJourney.Plan* _plan;
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
            NetworkCall call = new()
            {
                Number = SyscallNumber.Socket, A = family == AddressFamily.InterNetworkV6 ? Inet6 : Inet, B = Stream | CloseOnExec, Result = -1,
            };
            NetworkJourney.Plan plan = NetworkJourney.To(Descriptors.Number(_host), Descriptors.Number(networkNamespace), &call, 1);
            lock (_oneAtATime)
            {
                ObjectDisposedException.ThrowIf(_stop, this);
                _plan = &plan;
                _go.Set();
                _done.WaitOne();
            }

            return plan.IsDone
                ? new Socket(new SafeSocketHandle(call.Result, ownsHandle: true))
                : throw new KernelException(
                    plan.HasEntered ? "make a socket in" : "enter", Descriptors.Describe(networkNamespace, default), (Errno)plan.ErrorNumber);
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

            NetworkJourney.Make(_plan);
            _done.Set();
        }
    }
}
