using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl secrets</c>: other secrets for a sandbox, as after a reboot, which loses them.</summary>
internal static class SecretsCommand
{
    public static Command Build(CommandHost host)
    {
        var sandbox = new Argument<string>("SANDBOX") { Description = "Its id or name" };
        var secret = new Option<string[]>("--secret") { Description = "As in create; may be repeated", HelpName = SecretOptions.Form };
        var clear = new Option<bool>("--clear") { Description = "Take all away" };
        var command = new ExampledCommand(
            "secrets", "Give a sandbox other secrets in place of those it has", "sleighctl secrets web --secret API_TOKEN=@/root/token\nsleighctl secrets web --clear");
        command.Arguments.Add(sandbox);
        command.Options.Add(secret);
        command.Options.Add(clear);
        command.Validators.Add(result =>
        {
            if (result.GetValue(clear) == result.GetValue(secret) is { Length: > 0 })
            {
                result.AddError("give --secret, or --clear to take all away");
            }
        });

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject secrets = SecretOptions.Read(arguments.GetValue(secret), host, run.Terminal.Input) ?? [];
            string id = await Lookup.SandboxAsync(run.Client, arguments.GetRequiredValue(sandbox), run.Cancelled);
            JsonObject changed = await run.Client.PutAsync($"/sandboxes/{id}/secrets", new JsonObject { ["secrets"] = secrets }, run.Cancelled);
            run.Show(changed, s => $"{s.Text("sandbox_id")} has {Count(s)}\n", s => [s.Text("sandbox_id")]);
            return ExitCode.Success;
        });
    }

    private static string Count(JsonObject sandbox) =>
        sandbox["secret_names"] is JsonArray { Count: > 0 } names ? $"the secrets {string.Join(", ", names.Select(n => (string?)n))}" : "no secrets";
}
