using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl session</c>: list, create, remove.</summary>
internal static class SessionCommands
{
    public static Command Build(CommandHost host) => new("session", "List, create and remove sessions")
    {
        Ls(host), Create(host), Rm(host),
    };

    private static Command Ls(CommandHost host) => host.Runs(
        new ExampledCommand("ls", "List all sessions", "sleighctl session ls\nsleighctl session ls -q"),
        async (_, run) =>
        {
            JsonObject all = await run.Client.GetAsync("/admin/sessions", run.Cancelled);
            run.Show(all, a => AdminViews.Sessions(a.Items(), run.Now), a => a.Items().Select(s => s.Text("session_id")));
            return ExitCode.Success;
        });

    private static Command Create(CommandHost host) => host.Runs(
        new ExampledCommand(
            "create",
            "Issue a session and print its token, which is shown this once",
            "token=$(sleighctl session create)\nsleighctl session create -o json"),
        async (_, run) =>
        {
            JsonObject issued = await run.Client.PostAsync("/sessions/token", null, run.Cancelled);
            run.Show(issued, i => $"{i.Text("session_token")}\n", i => [i.Text("session_token")]);
            string expiry = issued.Text("expires_at") is { } until ? $", until {until} unless it is used" : "";
            run.Remark(Human.OneLine($"token of {issued.Text("session_id")}{expiry}"));
            return ExitCode.Success;
        });

    private static Command Rm(CommandHost host)
    {
        var ids = new Argument<string[]>("SESSION") { Description = "Ids, or their unique beginnings", Arity = ArgumentArity.OneOrMore };
        var command = new ExampledCommand(
            "rm", "End sessions and delete everything they own", "sleighctl session rm sid_71b2");
        command.Arguments.Add(ids);

        return host.Runs(command, async (arguments, run) => await Removal.RunAsync(run, arguments.GetValue(ids)!, async typed =>
        {
            string id = await Lookup.SessionAsync(run.Client, typed, run.Cancelled);
            await run.Client.DeleteAsync($"/sessions/{id}", run.Cancelled);
            return id;
        }));
    }
}
