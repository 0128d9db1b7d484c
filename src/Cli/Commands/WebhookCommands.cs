using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl webhooks</c>: what was told to whom, what waits and what was given up.</summary>
internal static class WebhookCommands
{
    private const int DefaultLimit = 100;
    private const int MostLimit = 1000;

    public static Command Build(CommandHost host)
    {
        var command = new ExampledCommand(
            "webhooks", "Show deliveries of webhooks, newest first", "sleighctl webhooks\nsleighctl webhooks list --state failed\nsleighctl webhooks show whd_0f3a");
        foreach (Command child in (Command[])[List(host), Show(host), Retry(host), Secret(host)])
        {
            command.Subcommands.Add(child);
        }

        return host.Runs(command, async (_, run) => await ListAsync(run, null, DefaultLimit));
    }

    private static Command List(CommandHost host)
    {
        var state = new Option<string?>("--state") { Description = "Only those: queued, delivered or failed", HelpName = "queued|delivered|failed" };
        state.AcceptOnlyFromAmong("queued", "delivered", "failed");
        var limit = new Option<int>("--limit")
        {
            Description = $"At most this many, up to {MostLimit}", HelpName = "N", DefaultValueFactory = _ => DefaultLimit,
        };
        limit.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 1 and <= MostLimit))
            {
                result.AddError($"--limit is '{text}', must be 1 to {MostLimit}");
            }
        });
        var command = new ExampledCommand(
            "list", "List deliveries, newest first",
            "sleighctl webhooks list --state failed\nsleighctl webhooks list --limit 10 -o json\nsleighctl webhooks list --state failed -q | xargs -n1 sleighctl webhooks retry");
        command.Options.Add(state);
        command.Options.Add(limit);
        return host.Runs(command, async (arguments, run) => await ListAsync(run, arguments.GetValue(state), arguments.GetValue(limit)));
    }

    private static Command Show(CommandHost host)
    {
        Argument<string> delivery = Delivery();
        var command = new ExampledCommand("show", "Show a delivery with its tries and its body", "sleighctl webhooks show whd_0f3a");
        command.Arguments.Add(delivery);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.DeliveryAsync(run.Client, arguments.GetRequiredValue(delivery), run.Cancelled);
            JsonObject one = await run.Client.GetAsync($"/admin/webhooks/{id}", run.Cancelled);
            run.Show(one, d => WebhookViews.One(d, run.Paint), d => [d.Text("delivery_id")]);
            return ExitCode.Success;
        });
    }

    private static Command Retry(CommandHost host)
    {
        Argument<string> delivery = Delivery();
        var command = new ExampledCommand(
            "retry", "Send a failed delivery again, with the same id and body, at once and with five tries", "sleighctl webhooks retry whd_0f3a");
        command.Arguments.Add(delivery);
        return host.Runs(command, async (arguments, run) =>
        {
            string id = await Lookup.DeliveryAsync(run.Client, arguments.GetRequiredValue(delivery), run.Cancelled);
            JsonObject one = await run.Client.PostAsync($"/admin/webhooks/{id}/retry", null, run.Cancelled);
            run.Show(one, d => $"{Human.OneLine(d.Text("delivery_id") ?? id)} is queued again\n", d => [d.Text("delivery_id")]);
            return ExitCode.Success;
        });
    }

    private static Command Secret(CommandHost host) => host.Runs(
        new ExampledCommand("secret", "Print the key that signs deliveries, for receivers to check them with", "sleighctl webhooks secret"),
        async (_, run) =>
        {
            JsonObject answer = await run.Client.GetAsync("/admin/webhook-secret", run.Cancelled);
            run.Show(answer, a => $"{Human.OneLine(a.Text("hmac_secret") ?? "")}\n", a => [a.Text("hmac_secret")]);
            return ExitCode.Success;
        });

    private static async Task<int> ListAsync(Invocation run, string? state, int limit)
    {
        string query = string.Create(CultureInfo.InvariantCulture, $"?limit={limit}{(state is null ? "" : $"&state={state}")}");
        JsonObject all = await run.Client.GetAsync($"/admin/webhooks{query}", run.Cancelled);
        run.Show(all, a => WebhookViews.All(a, run.Now), a => a.Items().Select(d => d.Text("delivery_id")));
        return ExitCode.Success;
    }

    private static Argument<string> Delivery() => new("DELIVERY") { Description = "Its id, or the unique beginning of it" };
}
