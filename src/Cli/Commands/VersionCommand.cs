using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl version</c>: of this program, and of the daemon if it answers.</summary>
internal static class VersionCommand
{
    public static Command Build(CommandHost host) => host.Runs(
        new ExampledCommand("version", "Show the versions of sleighctl and of the daemon", "sleighctl version"),
        async (_, run) =>
        {
            JsonObject versions = new() { ["sleighctl"] = Own };
            try
            {
                versions["sleighd"] = (await run.Client.GetAsync("/healthz", run.Cancelled)).Text("version");
            }
            catch (CliException ex) when (ex.ExitCode == ExitCode.Unreachable)
            {
                // This program's version is an answer without the daemon.
                versions["sleighd"] = null;
            }

            run.Show(versions, v => $"sleighctl {v.Text("sleighctl")}\nsleighd   {v.Text("sleighd") ?? "not running"}\n");
            return ExitCode.Success;
        });

    private static string Own =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
