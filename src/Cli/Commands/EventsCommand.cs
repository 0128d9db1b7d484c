using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl events</c>: what has happened in all sandboxes, and with <c>-f</c> what happens.</summary>
internal static class EventsCommand
{
    // The stream does not say where the kept events end. The daemon sends them without a pause.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(500);

    public static Command Build(CommandHost host)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what happens from now, until Ctrl-C" };
        var sandbox = new Option<string?>("--sandbox") { Description = "Only this sandbox", HelpName = "SANDBOX" };
        var types = new Option<string?>("--types") { Description = "Only these types, or beginnings such as memory., parted by commas", HelpName = "LIST" };
        var since = new Option<long?>("--since")
        {
            Description = "Only events after this number [default: all that are kept; with -f only new ones]", HelpName = "NUMBER",
        };
        var command = new ExampledCommand(
            "events",
            "Show what has happened, or happens",
            "sleighctl events\nsleighctl events -f --types memory.,exec.finished\nsleighctl events -f --sandbox web --since 0\nsleighctl events -o json | jq -r .type");
        foreach (Option option in (Option[])[follow, sandbox, types, since])
        {
            command.Options.Add(option);
        }

        return host.Runs(command, async (arguments, run) =>
        {
            List<string> filters = [];
            if (arguments.GetValue(sandbox) is { } typed)
            {
                filters.Add($"sandbox_id={await Lookup.SandboxAsync(run.Client, typed, run.Cancelled)}");
            }

            if (arguments.GetValue(types) is { } wanted)
            {
                filters.Add($"types={Uri.EscapeDataString(wanted)}");
            }

            bool follows = arguments.GetValue(follow);
            string? last = arguments.GetValue(since)?.ToString(CultureInfo.InvariantCulture) ?? (follows ? null : "0");
            if (!follows)
            {
                await ReadAsync(run, filters, last, Idle, run.Cancelled);
                return ExitCode.Success;
            }

            var patience = new Patience(run.Time);
            while (true)
            {
                try
                {
                    last = await ReadAsync(run, filters, last, idle: null, run.Cancelled, patience.Renew) ?? last;
                    await patience.WaitAsync(run.Cancelled);
                }
                catch (CliException ex) when (patience.Allows(ex))
                {
                    last = (ex as BrokenOffException)?.LastId ?? last;
                    await patience.WaitAsync(run.Cancelled);
                }
            }
        });
    }

    // Returns the number of the last event shown.
    private static async Task<string?> ReadAsync(
        Invocation run, IEnumerable<string> filters, string? last, TimeSpan? idle, CancellationToken cancellationToken, Action? connected = null)
    {
        string query = string.Join('&', last is null ? filters : filters.Append($"last_event_id={last}"));
        await using OpenReply reply = await run.Client.OpenAsync(
            query.Length == 0 ? "/admin/events" : $"/admin/events?{query}", cancellationToken, "text/event-stream");
        connected?.Invoke();
        using var events = new ServerEvents(reply);
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (true)
            {
                quiet.CancelAfter(idle ?? Timeout.InfiniteTimeSpan);
                ServerEvent? next = await events.NextAsync(quiet.Token);
                if (next is null || (next.IsKeepAlive && idle is not null))
                {
                    return last;
                }

                if (!next.IsKeepAlive)
                {
                    Show(run, next);
                    last = next.Id ?? last;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return last;
        }
        catch (LostConnectionException ex) when (idle is null)
        {
            throw new BrokenOffException(ex, last);
        }
    }

    private static void Show(Invocation run, ServerEvent next)
    {
        try
        {
            if (JsonNode.Parse(next.Data) is JsonObject happened)
            {
                run.ShowNext(happened, EventLine.Of);
                return;
            }
        }
        catch (JsonException)
        {
            // Shown below as what it is.
        }

        run.ShowNext(new JsonObject { ["type"] = next.Type, ["data"] = next.Data }, EventLine.Of);
    }

    /// <summary>The stream broke; how far it had come.</summary>
    private sealed class BrokenOffException(LostConnectionException cause, string? lastId)
        : CliException(cause.ExitCode, cause.Message, cause.Hint, cause)
    {
        public string? LastId { get; } = lastId;
    }
}
