using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>The package on a clean system: what it brings, who may use it, how soon it serves.</summary>
[Stage(10)]
public sealed class InstallationTests(SharedMachine shared, SleighMachine sleigh, ITestOutputHelper output) : Scenario(shared, sleigh)
{
    private const double ReadySeconds = 10;

    /// <inheritdoc/>
    protected override bool BeginsInstalled => false;

    [HostFact(Need.VirtualMachine)]
    public async Task The_package_brings_what_it_needs_and_the_service_is_active()
    {
        Assert.NotEqual(0, (await Machine.ShellAsync("command -v containerd")).ExitCode);

        await Sleigh.InstallAsync();

        Assert.Equal("active\nactive\nactive", await Sleigh.SaysAsync("systemctl is-active sleigh sleigh-sandboxes containerd"));
        Assert.Equal("enabled", await Sleigh.SaysAsync("systemctl is-enabled sleigh"));
        double seconds = await Sleigh.StartSecondsAsync();
        output.WriteLine($"ready after {seconds:F1} s");
        Assert.True(seconds <= ReadySeconds, $"ready after {seconds:F1} s, more than {ReadySeconds}");
        Assert.Equal("660 root sleigh", await Sleigh.SaysAsync("stat -c '%a %U %G' /run/sleigh/sleigh.sock"));
        Assert.Equal("700 root root", await Sleigh.SaysAsync("stat -c '%a %U %G' /var/lib/sleigh"));
        Assert.Contains($"sleighd {Sleigh.PackageVersion}", await Sleigh.SaysAsync("sleighd --version"), StringComparison.Ordinal);
        Assert.Equal("", await Sleigh.SaysAsync("journalctl -u sleigh -p warning -o cat --no-pager"));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task The_units_are_sound_and_all_sandboxes_have_a_home_that_systemd_leaves_alone()
    {
        Assert.Equal("", await Sleigh.SaysAsync("systemd-analyze verify --man=no sleigh.service sleigh-sandboxes.service 2>&1"));
        Assert.Equal("Delegate=yes", await Sleigh.SaysAsync("systemctl show sleigh-sandboxes -p Delegate"));
        string controllers = await Sleigh.SaysAsync($"cat {SleighMachine.Home}/cgroup.controllers");
        Assert.All((string[])["memory", "pids", "cpu", "io"], c => Assert.Contains(c, controllers.Split(' ')));

        await Sleigh.MustAsync("systemctl daemon-reload");

        await Poll.UntilAsync(async () => (await Sleigh.SaysAsync($"ls -d {SleighMachine.Home}/slot-*/init | wc -l")) != "0", 60, () => "no parked container");
        Assert.Equal("active", await Sleigh.SaysAsync("systemctl is-active sleigh"));
    }

    [HostFact(Need.VirtualMachine)]
    public async Task Members_of_the_group_use_the_socket_and_others_are_refused()
    {
        await Sleigh.MustAsync("systemd-sysusers --inline 'u anna - Anna /tmp /bin/sh'");
        GuestResult refused = await Machine.ShellAsync("runuser -u anna -- sleighctl status");
        Assert.NotEqual(0, refused.ExitCode);

        await Sleigh.MustAsync("systemd-sysusers --inline 'm anna sleigh'");

        Assert.Contains(Sleigh.PackageVersion, await Sleigh.SaysAsync("runuser -u anna -- sleighctl status"), StringComparison.Ordinal);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task The_doctor_finds_nothing_that_fails()
    {
        JsonObject doctor = JsonNode.Parse(await Sleigh.SaysAsync("sleighctl doctor -o json"))!.AsObject();
        JsonObject[] checks = [.. (doctor["checks"] ?? doctor["items"])!.AsArray().Select(c => c!.AsObject())];

        output.WriteLine(string.Join('\n', checks.Select(c => $"{(string?)c["result"],-5} {(string?)c["name"]}: {(string?)c["seen"] ?? (string?)c["message"]}")));
        Assert.DoesNotContain(checks, c => (string?)c["result"] == "fail");
        Assert.Equal("ok", (string?)checks.Single(c => (string?)c["name"] == "cgroup")["result"]);
    }

    [HostFact(Need.VirtualMachine)]
    public async Task It_serves_outside_of_the_machine_once_it_has_a_key()
    {
        await Sleigh.ServeOutsideAsync();

        using HttpClient http = new() { BaseAddress = new Uri($"http://{Sleigh.Address}") };
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await http.PostAsync(new Uri("/sessions/token", UriKind.Relative), null, TestContext.Current.CancellationToken)).StatusCode);
        using DaemonClient client = await DaemonClient.NewSessionAsync(Sleigh);
        Assert.Matches("^sess_[0-9a-f]{32}$", client.Token);
        double seconds = await Sleigh.StartSecondsAsync();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready again after {seconds:F1} s"));
    }
}
