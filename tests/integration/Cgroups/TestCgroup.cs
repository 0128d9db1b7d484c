using System.Diagnostics;
using Sleigh.Cgroups;

namespace Sleigh.IntegrationTests.Cgroups;

/// <summary>A cgroup of the real version 2 hierarchy, of this test alone, and the programs started in it.</summary>
internal sealed class TestCgroup : IAsyncDisposable
{
    private readonly List<Process> _started = [];

    public TestCgroup()
    {
        Hierarchy = CgroupHierarchy.Detect();
        Name = $"sleigh-test-{Guid.NewGuid():N}"[..24];
        Group = Cgroup.Create(Cgroup.Open(Hierarchy.Root), Name);
    }

    public CgroupHierarchy Hierarchy { get; }

    public string Name { get; }

    public Cgroup Group { get; }

    /// <summary>Starts a shell script in a cgroup and returns once it is there.</summary>
    public Process Start(Cgroup where, string script)
    {
        ProcessStartInfo info = new("/bin/sh") { RedirectStandardOutput = true };
        info.ArgumentList.Add("-c");
        info.ArgumentList.Add($"echo 0 > {where.Path}/cgroup.procs && echo ready && {script}");
        var process = Process.Start(info)!;
        _started.Add(process);
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        Group.Thaw();
        Assert.True(await Group.KillAsync(TimeSpan.FromSeconds(10)));
        foreach (Process process in _started)
        {
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await Group.RemoveAsync(TimeSpan.FromSeconds(10));
        Assert.False(Directory.Exists(Group.Path));
    }
}
