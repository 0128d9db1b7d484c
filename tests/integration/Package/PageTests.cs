using System.Reflection;
using System.Text.RegularExpressions;
using Sleigh.Daemon;
using Sleigh.Daemon.Configuration;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Package;

/// <summary>The man pages say all that the programs know.</summary>
[Collection(PackageCollection.Name)]
public sealed class PageTests(PackageFixture package)
{
    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Sleighctl_1_has_every_command()
    {
        string page = await ShowAsync("usr/share/man/man1/sleighctl.1.gz");
        string completion = package.Read("usr/share/bash-completion/completions/sleighctl");
        string[] commands = [.. Regex.Matches(completion, @"(?m)^        '([a-z -]+)'\)\n            commands=''").Select(m => m.Groups[1].Value)];

        Assert.True(commands.Length > 20, $"only {commands.Length} commands are in the completion");
        Assert.All(commands, command => Assert.Matches($@"(?m)^   {command}$", page));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Sleigh_yaml_5_has_every_key()
    {
        string page = await ShowAsync("usr/share/man/man5/sleigh.yaml.5.gz");

        Assert.All(SettingTable.All, setting => Assert.Matches($@"(?m)^       {Regex.Escape(setting.Key)}$", page));
    }

    [HostFact(Need.PackageTools, Need.InitBinary)]
    public async Task Sleighd_8_has_every_verb_and_exit_code()
    {
        string page = await ShowAsync("usr/share/man/man8/sleighd.8.gz");
        string codes = page[page.IndexOf("EXIT STATUS", StringComparison.Ordinal)..];

        Assert.All(
            typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (int)f.GetRawConstantValue()!),
            code => Assert.Matches($@"(?m)^       {code}\b", codes));
        Assert.All(
            Regex.Matches(DaemonArguments.Usage, @"(?m)sleighd ((?:--)?[a-z-]+)").Select(m => m.Groups[1].Value),
            verb => Assert.Contains(verb, page, StringComparison.Ordinal));
    }

    /// <summary>The page as a reader sees it; any warning of the formatter fails the test.</summary>
    private async Task<string> ShowAsync(string path)
    {
        string output = Path.Combine(package.Scratch, Path.GetFileName(path) + ".txt");
        string warnings = await ToolRunner.RunAsync(
            "sh", "-c", $"MANWIDTH=160 MAN_KEEP_FORMATTING= LC_ALL=C.UTF-8 man --warnings=w -E UTF-8 -l \"$1\" 2>&1 > \"$2\"", "sh", Path.Combine(package.Root, path), output);
        Assert.Equal("", warnings);
        return await File.ReadAllTextAsync(output);
    }
}
