using System.Diagnostics;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;

namespace Sleigh.VmTests;

/// <summary>That a machine ends with whoever started it, however that ends. These machines need not come up.</summary>
public sealed class LeftoverTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [HostFact(Need.VirtualMachine)]
    public async Task A_machine_whose_runner_is_killed_is_gone_with_its_files()
    {
        // The runner holds the other end of the script's standard input; the kernel closes it when the runner is killed.
        string name = Name();
        using Process runner = Process.Start(new ProcessStartInfo("sleep", ["600"]) { RedirectStandardOutput = true })!;
        string text = $"exec \"$1\" run \"$2\" --name {name} --until-eof < <(exec tail -f --pid={runner.Id} /dev/null)";
        string[] arguments = ["-c", text, "bash", MachineScript.Path, MachineKinds.Current.Word()];
        using Process script = Process.Start(new ProcessStartInfo("bash", arguments) { RedirectStandardOutput = true })!;
        string folder = await script.StandardOutput.ReadLineAsync() ?? "";
        int qemu = Qemu(folder);

        runner.Kill();

        await script.WaitForExitAsync().WaitAsync(Soon);
        Assert.False(IsAlive(qemu));
        Assert.False(Directory.Exists(folder));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task A_machine_whose_script_is_killed_is_gone_and_its_files_go_at_the_next_start()
    {
        MachineScript script = await MachineScript.StartMachineAsync(Name(), new MachineOptions(), CancellationToken.None);
        string folder = script.Folder;
        int qemu = Qemu(folder);

        using (Process process = Process.GetProcessById(script.ProcessId))
        {
            process.Kill();
        }

        for (var clock = Stopwatch.StartNew(); IsAlive(qemu) && clock.Elapsed < Soon; await Task.Delay(50))
        {
        }

        Assert.False(IsAlive(qemu));
        Assert.True(Directory.Exists(folder));
        await MachineScript.RunAsync(CancellationToken.None, "sweep");
        Assert.False(Directory.Exists(folder));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Two_machines_cannot_have_one_name()
    {
        string name = Name();
        await using MachineScript first = await MachineScript.StartMachineAsync(name, new MachineOptions(), CancellationToken.None);

        var failure = await Assert.ThrowsAsync<GuestException>(() =>
            MachineScript.StartMachineAsync(name, new MachineOptions(), CancellationToken.None));

        Assert.Equal($"the machine did not start: a machine '{name}' runs already; give this one another --name", failure.Message);
    }

    private static string Name() => $"left-{Environment.ProcessId}-{Random.Shared.Next(10000):D4}";

    private static int Qemu(string folder)
    {
        int pid = int.Parse(File.ReadAllText(Path.Combine(folder, "qemu.pid")));
        Assert.True(IsAlive(pid));
        return pid;
    }

    private static bool IsAlive(int pid)
    {
        string status = $"/proc/{pid}/status";
        return File.Exists(status) && !File.ReadAllText(status).Contains("State:\tZ", StringComparison.Ordinal);
    }
}
