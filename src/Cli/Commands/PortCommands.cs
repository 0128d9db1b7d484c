using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl ports</c>: servers in sandboxes, how they are reached and who may.</summary>
internal static class PortCommands
{
    private const int UsualWaitSeconds = 20;
    private const int MostWaitSeconds = 300;
    private const int UsualLinkSeconds = 3600;

    // For the way there and back, and a busy daemon.
    private static readonly TimeSpan WaitMargin = TimeSpan.FromSeconds(30);

    public static Command Build(CommandHost host)
    {
        var command = new ExampledCommand(
            "ports", "Reach servers in sandboxes",
            "sleighctl ports list web\nsleighctl ports add web 8080\nsleighctl ports wait web 8080 && sleighctl ports link web 8080");
        foreach (Command child in (Command[])[List(host), Add(host), Remove(host), Wait(host), Link(host)])
        {
            command.Subcommands.Add(child);
        }

        return command;
    }

    private static Command List(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        var command = new ExampledCommand("list", "List a sandbox's declared ports", "sleighctl ports list web");
        command.Arguments.Add(sandbox);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject all = await run.Client.GetAsync($"/sandboxes/{id}/ports", run.Cancelled);
            run.Show(all, PortViews.All, a => a.Items().Select(p => p.Show("port")));
            return ExitCode.Success;
        });
    }

    private static Command Add(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        Argument<int> port = Port();
        var listen = new Option<bool?>("--listen")
        {
            Description = "Have a TCP port of the host's loopback lead to it; false closes that again", HelpName = "true|false", Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new ExampledCommand("add", "Declare a port, or change it", "sleighctl ports add web 8080\nsleighctl ports add web 5432 --listen");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(port);
        command.Options.Add(listen);
        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject body = [];
            if (arguments.GetResult(listen) is not null)
            {
                body["listen"] = arguments.GetValue(listen) ?? true;
            }

            JsonObject one = await run.Client.PutAsync(await TargetAsync(arguments.GetRequiredValue(sandbox), arguments.GetValue(port), run), body, run.Cancelled);
            Show(run, one);
            return ExitCode.Success;
        });
    }

    private static Command Remove(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        Argument<int> port = Port();
        var command = new ExampledCommand("rm", "Take a port back: its links are not good any more", "sleighctl ports rm web 8080");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(port);
        return host.Runs(command, async (arguments, run) =>
        {
            await run.Client.DeleteAsync(await TargetAsync(arguments.GetRequiredValue(sandbox), arguments.GetValue(port), run), run.Cancelled);
            return ExitCode.Success;
        });
    }

    private static Command Wait(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        Argument<int> port = Port();
        Option<int> timeout = Number("--timeout", "Longest wait, in seconds", UsualWaitSeconds);
        var command = new ExampledCommand(
            "wait", "Wait until a server listens; ends with 1 when none does in time", "sleighctl ports wait web 8080 --timeout 60");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(port);
        command.Options.Add(timeout);
        return host.Runs(command, async (arguments, run) =>
        {
            string target = await TargetAsync(arguments.GetRequiredValue(sandbox), arguments.GetValue(port), run);
            int left = arguments.GetValue(timeout);
            JsonObject one;
            do
            {
                int now = Math.Min(left, MostWaitSeconds);
                one = await run.Client.GetAsync(
                    string.Create(CultureInfo.InvariantCulture, $"{target}?wait=listening&timeout_seconds={now}"), run.Cancelled, TimeSpan.FromSeconds(now) + WaitMargin);
                left -= now;
            }
            while (left > 0 && one.Text("status") != "listening");
            Show(run, one);
            return one.Text("status") == "listening" ? ExitCode.Success : ExitCode.Failure;
        });
    }

    private static Command Link(CommandHost host)
    {
        Argument<string> sandbox = Sandbox();
        Argument<int> port = Port();
        Option<int> expires = Number("--expires", "How long it is good, in seconds", UsualLinkSeconds);
        var path = new Option<string?>("--path") { Description = "Where on the server it leads", HelpName = "PATH" };
        var command = new ExampledCommand(
            "link", "Print an address that opens one port in a browser, without a token, for a time", "sleighctl ports link web 8080 --expires 600");
        command.Arguments.Add(sandbox);
        command.Arguments.Add(port);
        command.Options.Add(expires);
        command.Options.Add(path);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject body = new() { ["port"] = arguments.GetValue(port), ["expires_in_seconds"] = arguments.GetValue(expires) };
            if (arguments.GetValue(path) is { } where)
            {
                body["path"] = where;
            }

            JsonObject link = await run.Client.PostAsync($"/sandboxes/{id}/links", body, run.Cancelled);
            run.Show(link, l => $"{Human.OneLine(l.Text("url") ?? "")}\n", l => [l.Text("url")]);
            run.Remark($"good until {Human.OneLine(link.Text("expires_at") ?? "")}");
            return ExitCode.Success;
        });
    }

    private static void Show(Invocation run, JsonObject one) => run.Show(one, PortViews.One, p => [p.Show("port")]);

    private static async Task<string> TargetAsync(string sandbox, int port, Invocation run)
    {
        string id = await Lookup.SandboxAsync(run.Client, sandbox, run.Cancelled);
        return string.Create(CultureInfo.InvariantCulture, $"/sandboxes/{id}/ports/{port}");
    }

    private static Argument<string> Sandbox() => new("SANDBOX") { Description = "Its id or name" };

    private static Argument<int> Port() => new("PORT") { Description = "The port inside the sandbox" };

    private static Option<int> Number(string name, string description, int usual) =>
        new(name) { Description = description, HelpName = "SECONDS", DefaultValueFactory = _ => usual };
}
