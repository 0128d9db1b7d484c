using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Sleigh.Linux.KernelFiles.KernelFileCalls;

namespace Sleigh.Linux.KernelFiles;

/// <summary>Signals to a set of processes that is known by a list of process ids, such as <c>cgroup.procs</c>.</summary>
public static class ProcessSignals
{
    /// <summary>
    /// Sends a signal to each process that <paramref name="list"/> names, never to a stranger that got the id of one that
    /// ended meanwhile: a pidfd is taken for each id (Linux 5.3), and only those that the list still names afterwards are used.
    /// </summary>
    /// <returns>How many processes got the signal.</returns>
    public static int SendToAll(Func<IReadOnlyCollection<int>> list, int signal)
    {
        Dictionary<int, SafeFileHandle> held = [];
        try
        {
            foreach (int id in list())
            {
                long descriptor = SystemCall(PidfdOpen, id, 0, 0, 0);
                if (descriptor >= 0)
                {
                    held[id] = new SafeFileHandle((nint)descriptor, ownsHandle: true);
                }
            }

            return held.Count == 0 ? 0 : list().Count(id => held.TryGetValue(id, out SafeFileHandle? process) && Send(process, id, signal));
        }
        finally
        {
            foreach (SafeFileHandle process in held.Values)
            {
                process.Dispose();
            }
        }
    }

    private static bool Send(SafeFileHandle process, int id, int signal)
    {
        if (SystemCall(PidfdSendSignal, process.DangerousGetHandle(), signal, 0, 0) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno is KernelErrno.NoProcess
            ? false
            : throw new KernelFileException($"send signal {signal} to", $"process {id}", null, errno);
    }
}
