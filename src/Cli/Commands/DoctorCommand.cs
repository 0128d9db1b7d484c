using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl doctor</c>: what the host gives and lacks, with remedies. Ends with 1 when a check failed.</summary>
internal static class DoctorCommand
{
    public static Command Build(CommandHost host) => host.Runs(
        new ExampledCommand("doctor", "Check this host and say what is missing", "sleighctl doctor\nsleighctl doctor -o json"),
        async (_, run) =>
        {
            JsonObject answer = await run.Client.GetAsync("/admin/doctor", run.Cancelled);
            IReadOnlyList<JsonObject> checks = answer.Items("checks") is { Count: > 0 } named ? named : answer.Items();
            run.Show(answer, _ => Views.Doctor(checks, run.Paint));
            return checks.Any(c => c.Text("result") == "fail") ? ExitCode.Failure : ExitCode.Success;
        });
}
