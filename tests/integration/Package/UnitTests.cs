using System.Reflection;
using System.Text.RegularExpressions;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Package;

/// <summary>What the units promise, as far as it can be seen without a running systemd.</summary>
[Collection(PackageCollection.Name)]
public sealed class UnitTests(PackageFixture package)
{
    /// <summary>What systemd 252 gives; higher is worse.</summary>
    private const double Exposure = 8.1;

    private const string Units = "usr/lib/systemd/system";

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Systemd_understands_every_line()
    {
        // It looks for the commands of the other units of the host too, so only what names ours counts.
        string said = await SaidByAsync("systemd-analyze", "verify", "--man=no", Unit("sleigh.service"), Unit("sleigh-sandboxes.service"));

        Assert.DoesNotContain(
            said.Split('\n'), line => line.Contains("sleigh", StringComparison.Ordinal) && !line.Contains("is not executable", StringComparison.Ordinal));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task The_exposure_gets_no_worse()
    {
        string said = await ToolRunner.RunAsync("systemd-analyze", "security", "--offline=true", "--no-pager", Unit("sleigh.service"));

        double figure = double.Parse(
            Regex.Match(said, "Overall exposure level for sleigh.service: ([0-9.]+)").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(figure, 0, Exposure);
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void No_line_gives_the_daemon_a_mount_namespace_or_a_filter_that_sandboxes_would_feel()
    {
        Assert.DoesNotMatch(
            "(?m)^(Protect|Private(?!Devices=no)|ReadWrite|ReadOnly|Inaccessible|NoExec|Temporary|Bind|Root|Dynamic|ProcSubset|MountFlags|LogNamespace|"
            + "MemoryDeny|LockPersonality|SystemCallArch|RestrictA|RestrictN|RestrictS|RestrictR|NoNewPriv|UMask|IPAddress|Device)",
            package.Read($"{Units}/sleigh.service"));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void Only_what_a_restart_can_mend_is_started_again()
    {
        string[] never = Value("sleigh.service", "RestartPreventExitStatus").Split(' ');
        Dictionary<string, string> codes = typeof(Sleigh.Daemon.ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static)
            .ToDictionary(f => f.Name, f => f.GetRawConstantValue()!.ToString()!);

        Assert.Equal(
            ["AlreadyRunning", "Configuration", "Host", "Usage"], codes.Where(c => never.Contains(c.Value)).Select(c => c.Key).Order(StringComparer.Ordinal));
        Assert.Equal("on-failure", Value("sleigh.service", "Restart"));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void The_daemon_can_end_without_its_sandboxes()
    {
        Assert.Equal("process", Value("sleigh.service", "KillMode"));
        Assert.Equal("yes", Value("sleigh.service", "RuntimeDirectoryPreserve"));
        Assert.Equal("notify", Value("sleigh.service", "Type"));
        Assert.Equal("yes", Value("sleigh-sandboxes.service", "Delegate"));
        Assert.DoesNotContain("[Install]", package.Read($"{Units}/sleigh-sandboxes.service"), StringComparison.Ordinal);
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public void An_upgrade_restarts_the_daemon_and_nothing_else()
    {
        string[] lines = [.. new[] { "preinst", "postinst", "prerm", "postrm" }.Select(name => $"DEBIAN/{name}").Where(path => File.Exists(Path.Combine(package.Root, path)))
            .SelectMany(path => package.Read(path).Split('\n'))];

        Assert.DoesNotContain(lines, line => line.StartsWith('#') && line.Contains("LEFTOVERS", StringComparison.Ordinal));
        Assert.Equal(
            ["deb-systemd-invoke stop sleigh-sandboxes.service > /dev/null || true"],
            lines.Where(line => line.Contains("deb-systemd-", StringComparison.Ordinal) && line.Contains("sleigh-sandboxes", StringComparison.Ordinal)).Select(line => line.Trim()));
        Assert.Contains(lines, line => line.Contains("deb-systemd-invoke $_dh_action 'sleigh.service'", StringComparison.Ordinal));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Commands_are_asked_to_end_when_the_home_of_the_sandboxes_stops_and_process_1_is_not()
    {
        string home = Path.Combine(package.Scratch, "home");
        string log = Path.Combine(package.Scratch, "asked");
        string exec = Directory.CreateDirectory(Path.Combine(home, "slot-0123456789ab/execs/exec_0123456789ab")).FullName;
        string init = Directory.CreateDirectory(Path.Combine(home, "slot-0123456789ab/init")).FullName;

        // Stands in for a command whose cgroup is empty once it has ended.
        string command = $"trap 'echo asked > {log}; : > {exec}/cgroup.procs; exit' TERM; echo $$ > {exec}/cgroup.procs; while :; do sleep 0.02; done";
        using System.Diagnostics.Process running = System.Diagnostics.Process.Start("sh", ["-c", command]);
        using System.Diagnostics.Process first = System.Diagnostics.Process.Start("sleep", ["60"]);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(init, "cgroup.procs"), $"{first.Id}\n");
            await Poll.UntilAsync(() => Task.FromResult(File.Exists($"{exec}/cgroup.procs") && new FileInfo($"{exec}/cgroup.procs").Length > 0), 10, () => "the command did not start");
            await ToolRunner.RunAsync(Path.Combine(package.Root, "usr/libexec/sleigh/sandboxes-home"), "end", home);

            Assert.Equal("asked\n", await File.ReadAllTextAsync(log));
            Assert.False(first.HasExited);
        }
        finally
        {
            running.Kill();
            first.Kill();
        }
    }

    private string Unit(string name) => Path.Combine(package.Root, Units, name);

    private string Value(string unit, string key) => Regex.Match(package.Read($"{Units}/{unit}"), $"(?m)^{key}=(.*)$").Groups[1].Value;

    private static async Task<string> SaidByAsync(string program, params string[] arguments)
    {
        System.Diagnostics.ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
        string said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return said;
    }
}
