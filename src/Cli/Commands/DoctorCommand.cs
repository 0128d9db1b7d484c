using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary>
/// <c>sleighctl doctor</c>: what the host gives and lacks, with remedies. Where no daemon answers, sleighd makes the checks by itself.
/// Ends with 1 when a check failed.
/// </summary>
internal static class DoctorCommand
{
    public static Command Build(CommandHost host) => host.Runs(
        new ExampledCommand(
            "doctor",
            "Check this host, also without a running daemon, and say what is missing",
            "sleighctl doctor\nsleighctl doctor -o json | jq '.items[] | select(.result != \"ok\")'"),
        async (_, run) =>
        {
            JsonObject answer = await AskAsync(host, run);
            run.Show(answer, a => Views.Doctor(a.Items(), run.Paint));
            return answer.Items().Any(c => c.Text("result") == "fail") ? ExitCode.Failure : ExitCode.Success;
        });

    private static async Task<JsonObject> AskAsync(CommandHost host, Invocation run)
    {
        try
        {
            return await run.Client.GetAsync("/admin/doctor", run.Cancelled);
        }
        catch (CliException ex) when (ex.ExitCode == ExitCode.Unreachable && ex.InnerException is not SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            return await WithoutDaemonAsync(DaemonProgram.Find(host, $"it is what checks a host, and {ex.Message}"), ex, run);
        }
    }

    private static async Task<JsonObject> WithoutDaemonAsync(DaemonProgram daemon, CliException cause, Invocation run)
    {
        (_, string output, string errors) = await daemon.RunAsync(["doctor", "-o", "json"], run.Cancelled);
        JsonObject answer;
        try
        {
            answer = (JsonObject)JsonNode.Parse(output)!;
        }
        catch (JsonException ex)
        {
            throw new CliException(ExitCode.Failure, $"{cause.Message}; and {daemon.Path} doctor says: {Human.OneLine((errors + output).Trim())}", cause.Hint, ex);
        }

        run.Remark($"{cause.Message}; these are the checks of {daemon.Path} itself");
        JsonArray items = answer["items"]!.AsArray();
        items.Insert(0, new JsonObject
        {
            ["name"] = "daemon", ["result"] = "fail", ["seen"] = cause.Message, ["remedy"] = "systemctl status sleigh says why; systemctl start sleigh starts it",
        });
        return answer;
    }
}
