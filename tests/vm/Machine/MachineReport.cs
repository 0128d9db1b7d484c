using Sleigh.TestSupport;

namespace Sleigh.VmTests.Machine;

/// <summary>What a person wants to read after a test failed, taken from the machine into artifacts/test/vm/MACHINE/TEST/.</summary>
public static class MachineReport
{
    private static readonly TimeSpan StepTime = TimeSpan.FromSeconds(90);

    // The file's name and the shell's text.
    private static readonly (string File, string Text)[] Steps =
    [
        ("journal.log", "journalctl -b -o short-monotonic --no-pager"),
        ("sleigh.log", "journalctl -u sleigh.service -o short-monotonic --no-pager"),
        ("units.txt", "systemctl --no-pager status; systemctl --no-pager --failed; systemctl --no-pager --full status sleigh.service containerd.service"),
        ("coredumps.txt", "coredumpctl --no-pager list; coredumpctl --no-pager info"),
        ("doctor.txt", "sleighctl doctor"),
        ("host.txt", "uname -a; free -m; df -h; cat /proc/self/mountinfo; losetup -l; systemd-cgls --no-pager; ps axfu; dmesg | tail -n 200"),
    ];

    /// <summary>Collects all that can be had; a step that fails leaves its complaint in its file.</summary>
    /// <returns>The folder.</returns>
    public static async Task<string> CollectAsync(VirtualMachine machine, string test)
    {
        string folder = Path.Combine(Host.Repository, "artifacts", "test", "vm", machine.Kind.Word(), SafeName(test));
        Directory.CreateDirectory(folder);
        if (File.Exists(machine.SerialLog))
        {
            File.Copy(machine.SerialLog, Path.Combine(folder, "serial.log"), overwrite: true);
        }

        foreach ((string file, string text) in Steps)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, file), await SayAsync(machine, text));
        }

        return folder;
    }

    private static async Task<string> SayAsync(VirtualMachine machine, string text)
    {
        try
        {
            return (await machine.RunAsync(GuestCommand.Shell($"( {text} ) 2>&1") with { Timeout = StepTime })).Stdout;
        }
        catch (GuestException ex)
        {
            return ex.Message;
        }
    }

    private static string SafeName(string test) => string.Concat(test.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-'));
}
