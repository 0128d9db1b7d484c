namespace Sleigh.Linux.KernelFiles;

/// <summary>Signals to a set of processes that is known by a list of process ids, such as <c>cgroup.procs</c>.</summary>
public static class ProcessSignals
{
    /// <summary>
    /// Sends a signal to each process that <paramref name="list"/> names, never to a stranger that got the id of one that
    /// ended meanwhile: a pidfd is taken for each id (Linux 5.3), and only those that the list still names afterwards are used.
    /// </summary>
    /// <returns>How many processes got the signal.</returns>
    /// <exception cref="KernelException">The kernel refused the signal.</exception>
    public static int SendToAll(Func<IReadOnlyCollection<int>> list, int signal)
    {
        Dictionary<int, ProcessHandle> held = [];
        try
        {
            foreach (int id in list())
            {
                if (TryOpen(id) is { } process)
                {
                    held[id] = process;
                }
            }

            return held.Count == 0 ? 0 : list().Count(id => held.TryGetValue(id, out ProcessHandle? process) && process.TrySignal(signal));
        }
        finally
        {
            foreach (ProcessHandle process in held.Values)
            {
                process.Dispose();
            }
        }
    }

    private static ProcessHandle? TryOpen(int id)
    {
        try
        {
            return ProcessHandle.Open(id);
        }
        catch (KernelException ex) when (ex.Errno is Errno.ESRCH)
        {
            return null;
        }
    }
}
