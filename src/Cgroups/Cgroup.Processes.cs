using System.Globalization;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Cgroups;

/// <content>The processes of a cgroup, and its end.</content>
public sealed partial record Cgroup
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;

    /// <summary>Reads the text of <c>cgroup.procs</c>. A process outside the reader's pid namespace (0) and cut-off lines are left out.</summary>
    public static IReadOnlyList<int> ParseProcesses(string text)
    {
        List<int> ids = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0)
            {
                ids.Add(id);
            }
        }

        return ids;
    }

    /// <summary>The processes in this cgroup, without those below it; none when it is gone.</summary>
    public IReadOnlyList<int> ReadProcesses()
    {
        using KernelDirectory? directory = TryOpenSelf();
        return directory is null ? [] : ReadProcesses(directory);
    }

    /// <summary>The processes in this cgroup and all below it.</summary>
    public IReadOnlyList<int> ReadAllProcesses() => [.. ReadProcesses(), .. Children().SelectMany(child => child.ReadAllProcesses())];

    /// <summary>Moves a process into this cgroup. Waits for an RCU grace period (7 to 17 ms): never do this where a command waits.</summary>
    /// <exception cref="KernelFileException">The cgroup or the process is gone, or the cgroup passes controllers on (EBUSY).</exception>
    public void MoveHere(int processId)
    {
        using KernelDirectory directory = OpenSelf();
        directory.Write("cgroup.procs", processId.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Gives <c>cgroup.procs</c> to a user, who may then put processes in here that may leave where they are.</summary>
    /// <exception cref="KernelFileException">The cgroup is gone.</exception>
    public void GiveProcesses(uint userId)
    {
        using KernelDirectory directory = OpenSelf();
        directory.SetOwner("cgroup.procs", userId);
    }

    /// <summary>Sends SIGTERM to each process in it and below it, and to no other.</summary>
    /// <returns>How many processes got it.</returns>
    public int TerminateAll() => SignalAll(Sigterm);

    /// <summary>
    /// Kills every process in it and below it, frozen ones too, and returns when that is under way. Nothing happens when the cgroup is gone.
    /// One write to <c>cgroup.kill</c>; before Linux 5.14: freezes, then SIGKILL to each until none is left, so that no fork escapes.
    /// </summary>
    public void Kill()
    {
        using KernelDirectory? directory = TryOpenSelf();
        if (directory is null || directory.TryWrite("cgroup.kill", "1"))
        {
            return;
        }

        KillOneByOne(directory);
    }

    /// <summary>Kills every process in it and below it and waits until none is left. False: some are left when the time is over.</summary>
    public Task<bool> KillAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Kill();
        return WaitEmptyAsync(timeout, Inline, cancellationToken);
    }

    /// <summary>
    /// Removes the cgroup and all below it. A part that still holds processes (EBUSY) is tried again until
    /// <paramref name="timeout"/>; processes are not killed here. Nothing happens when it is gone.
    /// </summary>
    /// <exception cref="TimeoutException">A part is still in use; what was empty is gone.</exception>
    public async Task RemoveAsync(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!TryRemove())
        {
            TimeSpan left = timeout - TimeProvider.System.GetElapsedTime(start);
            if (left <= TimeSpan.Zero)
            {
                throw new TimeoutException(
                    $"remove {Path}: still in use after {timeout.TotalMilliseconds:F0} ms by processes {string.Join(", ", ReadAllProcesses().Take(10))}");
            }

            if (await WaitEmptyAsync(left, cancellationToken))
            {
                // Empty, and busy all the same: a child was made meanwhile, or the last exit is not through yet.
                await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
            }
        }
    }

    /// <summary>Removes the cgroup and all below it, once. False: some part is in use.</summary>
    public bool TryRemove()
    {
        foreach (Cgroup child in Children())
        {
            if (!child.TryRemove())
            {
                return false;
            }
        }

        if (!Exists)
        {
            return true;
        }

        using KernelDirectory? parent = KernelDirectory.TryOpen(System.IO.Path.GetDirectoryName(Path)!);
        return parent is null || parent.TryRemove(Name);
    }

    private static IReadOnlyList<int> ReadProcesses(KernelDirectory directory) =>
        directory.TryRead("cgroup.procs") is { } text ? ParseProcesses(text) : [];

    private int SignalAll(int signal)
    {
        using KernelDirectory? directory = TryOpenSelf();
        int count = directory is null ? 0 : ProcessSignals.SendToAll(() => ReadProcesses(directory), signal);
        return count + Children().Sum(child => child.SignalAll(signal));
    }

    // Also used by tests, as this kernel has cgroup.kill.
    internal void KillOneByOne(KernelDirectory directory)
    {
        bool froze = directory.TryWrite("cgroup.freeze", "1");
        try
        {
            // A process that was just being born when the freeze came shows up in the next round.
            for (int round = 0; round < 100 && SignalAll(Sigkill) > 0; round++)
            {
                Thread.Yield();
            }
        }
        finally
        {
            if (froze)
            {
                directory.TryWrite("cgroup.freeze", "0");
            }
        }
    }
}
