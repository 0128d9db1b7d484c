using System.Diagnostics;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>What of a test daemon is still on the host: processes, mounts, loop devices, cgroups.</summary>
public static class Leftovers
{
    private const string RuntimeStateFolder = "/run/containerd/runc/sleigh";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>One line each; empty when nothing is left.</summary>
    public static IReadOnlyList<string> Of(TestDaemon daemon) =>
    [
        .. Processes(daemon).Select(p => $"process {p.Pid}: {p.Line}"),
        .. Mounts(daemon).Select(m => $"mount {m}"),
        .. LoopDevices(daemon).Select(l => $"loop device {l}"),

        // The empty subtree itself may stay: under systemd it belongs to a unit of its own.
        .. Cgroups(daemon).Where(c => Path.GetFileName(c) != daemon.Subtree || Directory.GetDirectories(c).Length > 0).Select(c => $"cgroup {c}"),
        .. RuntimeStates(daemon).Select(r => $"state of the container runtime {r}"),
    ];

    /// <summary>The same after a moment: shims and cgroups go a little after their container.</summary>
    public static async Task<IReadOnlyList<string>> SettledAsync(TestDaemon daemon)
    {
        long begin = Stopwatch.GetTimestamp();
        while (true)
        {
            IReadOnlyList<string> left = Of(daemon);
            if (left.Count == 0 || Stopwatch.GetElapsedTime(begin) > Patience)
            {
                return left;
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Takes away by force what is there.</summary>
    public static async Task RemoveAsync(TestDaemon daemon)
    {
        for (int i = 0; i < 100 && (Of(daemon).Count > 0 || Cgroups(daemon).Any()); i++)
        {
            foreach ((int pid, _) in Processes(daemon))
            {
                KillQuietly(pid);
            }

            foreach (string mount in Mounts(daemon).Reverse())
            {
                await Quietly("umount", "-l", mount);
            }

            foreach (string loop in LoopDevices(daemon))
            {
                await Quietly("losetup", "-d", loop);
            }

            foreach (string group in Cgroups(daemon))
            {
                await Quietly("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+");
            }

            foreach (string state in RuntimeStates(daemon).ToArray())
            {
                Directory.Delete(state, recursive: true);
            }

            await Task.Delay(50);
        }
    }

    /// <summary>Processes that name a directory of the daemon or live in one of its cgroups.</summary>
    public static IEnumerable<(int Pid, string Line)> Processes(TestDaemon daemon)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            string line, groups;
            try
            {
                line = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
                groups = File.ReadAllText(Path.Combine(folder, "cgroup"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (line.Contains(daemon.Folder + "/", StringComparison.Ordinal) || groups.Contains(daemon.Subtree, StringComparison.Ordinal))
            {
                yield return (int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture), line);
            }
        }
    }

    /// <summary>Directories of ours in any hierarchy, version 1 ones too.</summary>
    public static IEnumerable<string> Cgroups(TestDaemon daemon) => new[] { "/sys/fs/cgroup" }
        .Concat(Directory.EnumerateDirectories("/sys/fs/cgroup"))
        .SelectMany(top => Directory.EnumerateDirectories(top, daemon.Subtree + "*"));

    // Where containerd has runc keep what it knows of a container; all of a host's containerds share it.
    private static IEnumerable<string> RuntimeStates(TestDaemon daemon) =>
        (Directory.Exists(RuntimeStateFolder) ? Directory.GetDirectories(RuntimeStateFolder) : [])
        .Where(folder => ReadQuietly(Path.Combine(folder, "state.json")).Contains(daemon.Folder + "/", StringComparison.Ordinal));

    private static IEnumerable<string> Mounts(TestDaemon daemon) => File.ReadLines("/proc/self/mountinfo")
        .Select(line => line.Split(' ')[4]).Where(point => point.StartsWith(daemon.Folder, StringComparison.Ordinal));

    private static IEnumerable<string> LoopDevices(TestDaemon daemon) => Directory.EnumerateDirectories("/sys/block", "loop*")
        .Where(device => ReadQuietly(Path.Combine(device, "loop/backing_file")).StartsWith(daemon.Folder, StringComparison.Ordinal))
        .Select(device => "/dev/" + Path.GetFileName(device));

    private static string ReadQuietly(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static void KillQuietly(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself.
        }
    }

    private static async Task Quietly(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program) { RedirectStandardError = true };
        Array.ForEach(arguments, start.ArgumentList.Add);
        using Process process = Process.Start(start)!;
        await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
    }
}
