using System.Text.Json;
using Sleigh.Daemon.Configuration;

namespace Sleigh.Daemon.Tests;

public sealed class DoctorRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sl-doctor-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_looks_at_this_host_and_makes_nothing()
    {
        (int code, JsonElement[] checks) = await RunAsync($"data_dir: {_folder}/data\nstate_dir: {_folder}/state\nhttp:\n  listen: 127.0.0.1:0\n");

        Assert.Equal("configuration", checks[0].GetProperty("name").GetString());
        Assert.Matches("^good; 3 of [0-9]+ settings are not at their default$", checks[0].GetProperty("seen").GetString()!);
        string[] names = [.. checks.Select(c => c.GetProperty("name").GetString()!)];
        Assert.Equal(names.Length, names.Distinct().Count());
        string[] some = ["kernel", "cgroup", "controllers", "delegation", "psi", "containerd", "overlay", "data directory", "free space", "listen", "clock"];
        Assert.Empty(some.Except(names));
        Assert.All(checks, c => Assert.Contains(c.GetProperty("result").GetString(), (string[])["ok", "warn", "fail"]));
        Assert.Equal(checks.Any(c => c.GetProperty("result").GetString() == "fail") ? ExitCode.CheckFailed : ExitCode.Success, code);
        Assert.Equal(["sleigh.yaml"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_bad_configuration_is_a_check_that_failed_and_the_others_are_made()
    {
        (int code, JsonElement[] checks) = await RunAsync("pool:\n  size: many\n  sise: 1\n");

        Assert.Equal(ExitCode.CheckFailed, code);
        Assert.Equal("fail", checks[0].GetProperty("result").GetString());
        Assert.Matches(@"sleigh\.yaml.*pool\.size is many, must be .*; and 1 more; the checks below go by the defaults$", checks[0].GetProperty("seen").GetString()!);
        Assert.Equal("sleighctl config check shows all errors", checks[0].GetProperty("remedy").GetString());
        Assert.True(checks.Length > 20);
    }

    [Fact]
    public async Task People_get_a_line_for_each_check()
    {
        using StringWriter output = new();
        await DoctorRun.RunAsync(() => Load("pool:\n  size: many\n"), json: false, output);

        Assert.Matches(@"(?m)^fail  configuration +\S.*\n +-> sleighctl config check shows all errors$", output.ToString());
        Assert.Matches(@"(?m)^\S+ +kernel features +\S", output.ToString());
    }

    private async Task<(int Code, JsonElement[] Checks)> RunAsync(string yaml)
    {
        using StringWriter output = new();
        int code = await DoctorRun.RunAsync(() => Load(yaml), json: true, output);
        using JsonDocument document = JsonDocument.Parse(output.ToString());
        return (code, [.. document.RootElement.GetProperty("items").EnumerateArray().Select(e => e.Clone())]);
    }

    private LoadedConfiguration Load(string yaml)
    {
        string file = Path.Combine(_folder, "sleigh.yaml");
        File.WriteAllText(file, yaml);
        return SleighConfiguration.LoadWithSources(file, null, new Dictionary<string, string>());
    }
}
