using System.Diagnostics;
using System.Text.Json;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The checks of the host by a daemon that serves, and by sleighd alone when none does.</summary>
[Collection(DaemonCollection.Name)]
public sealed class DoctorTests(DaemonFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_that_serves_sees_itself_its_containerd_and_its_pool()
    {
        (int code, string said, Dictionary<string, Check> checks) = await DoctorAsync(fixture.Daemon, fixture.Daemon.Socket);

        Assert.Equal("", said);
        Assert.Equal($"sleighd serves on {fixture.Daemon.Address}", checks["listen"].Seen);
        Assert.Matches($@"^version [0-9.]+\S*, private, answers on {fixture.Daemon.StateDir}/containerd/containerd\.sock$", checks["containerd"].Seen);
        Assert.Equal("overlayfs, content, walking, task are loaded", checks["containerd plugins"].Seen);
        Assert.Contains("chosen when the data directory was made", checks["layer store"].Seen, StringComparison.Ordinal);
        Assert.Equal(checks["layer store"].Seen.StartsWith("btrfs", StringComparison.Ordinal), checks["free space"].Seen.Contains("; pool: ", StringComparison.Ordinal));
        Assert.Equal(("ok", "ok", "ok"), (checks["kernel"].Result, checks["privileges"].Result, checks["init"].Result));
        Assert.DoesNotContain(checks.Values, c => c.Seen.StartsWith("could not be examined", StringComparison.Ordinal));
        Assert.DoesNotContain("daemon", checks.Keys);
        Assert.Equal(checks.Values.Any(c => c.Result == "fail") ? 1 : 0, code);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Without_a_daemon_the_same_checks_are_made_and_nothing_is_begun()
    {
        await using TestDaemon daemon = new();

        (int code, string said, Dictionary<string, Check> alone) = await DoctorAsync(daemon, daemon.Socket);
        (_, _, Dictionary<string, Check> served) = await DoctorAsync(fixture.Daemon, fixture.Daemon.Socket);

        Assert.Equal(1, code);
        Assert.Equal("", said);
        Assert.Equal("fail", alone["daemon"].Result);
        Assert.Equal(["daemon", "configuration", .. served.Keys], alone.Keys);
        Assert.Equal($"{daemon.Address} is free", alone["listen"].Seen);
        Assert.EndsWith(", private: sleighd starts it", alone["containerd"].Seen, StringComparison.Ordinal);
        Assert.False(Directory.Exists(daemon.DataDir) || Directory.Exists(daemon.StateDir));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task People_are_told_on_standard_error_that_no_daemon_answers()
    {
        await using TestDaemon daemon = new();

        (int code, string output, string said) = await RunAsync(daemon, daemon.Socket, "table");

        Assert.Equal(1, code);
        Assert.Contains($"cannot reach the daemon at {daemon.Socket}", said, StringComparison.Ordinal);
        Assert.Contains("these are the checks of", said, StringComparison.Ordinal);
        Assert.StartsWith("fail  daemon ", output, StringComparison.Ordinal);
        Assert.Matches(@"\n[0-9]+ ok, [0-9]+ warnings?, [0-9]+ failed\n$", output);
    }

    private static async Task<(int Code, string Said, Dictionary<string, Check> Checks)> DoctorAsync(TestDaemon daemon, string socket)
    {
        (int code, string output, string said) = await RunAsync(daemon, socket, "json");
        using JsonDocument document = JsonDocument.Parse(output);
        Dictionary<string, Check> checks = document.RootElement.GetProperty("items").EnumerateArray().ToDictionary(
            c => c.GetProperty("name").GetString()!,
            c => new Check(c.GetProperty("result").GetString()!, c.GetProperty("seen").GetString()!));
        return (code, said, checks);
    }

    // The settings that the daemon's file has are given by environment: sleighctl names no file.
    private static async Task<(int Code, string Output, string Said)> RunAsync(TestDaemon daemon, string socket, string format)
    {
        ProcessStartInfo start = new(Host.CtlBinary, ["--socket", socket, "doctor", "-o", format]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SLEIGH_DATA_DIR"] = daemon.DataDir;
        start.Environment["SLEIGH_STATE_DIR"] = daemon.StateDir;
        start.Environment["SLEIGH_HTTP_LISTEN"] = daemon.Address.ToString();
        start.Environment["SLEIGH_CONTAINERD_MODE"] = "embedded";
        start.Environment["SLEIGH_CGROUP_SUBTREE"] = daemon.Subtree;
        start.Environment["SLEIGH_INIT_PATH"] = Host.InitBinary;
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await said);
    }

    private sealed record Check(string Result, string Seen);
}
