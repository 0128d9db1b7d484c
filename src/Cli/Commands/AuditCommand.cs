using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Http;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl audit</c>: who changed what, and with <c>-f</c> who changes what.</summary>
internal static class AuditCommand
{
    // What the daemon gives at most. After a restart of it, so many lines are looked through for the last one that was shown.
    private const int MostLines = 10_000;

    public static Command Build(CommandHost host)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is done from now, until Ctrl-C" };
        var sandbox = new Option<string?>("--sandbox") { Description = "Only what was done to this sandbox; a deleted one by its whole id", HelpName = "SANDBOX" };
        var lines = new Option<int?>("--lines", "-n") { Description = $"The last lines, at most {MostLines} [default: 100; with -f 10]", HelpName = "COUNT" };
        var command = new ExampledCommand(
            "audit",
            "Show who changed what",
            "sleighctl audit\nsleighctl audit -f --sandbox web\nsleighctl audit -n 10000 -o json | jq -r 'select(.status >= 400)'");
        foreach (Option option in (Option[])[follow, sandbox, lines])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(lines) is < 0 or > MostLines)
            {
                result.AddError($"--lines must be 0 to {MostLines}");
            }
        });

        return host.Runs(command, async (arguments, run) =>
        {
            string filter = arguments.GetValue(sandbox) is { } typed ? $"&target={await Lookup.SandboxAsync(run.Client, typed, run.Cancelled)}" : "";
            bool follows = arguments.GetValue(follow);
            int count = arguments.GetValue(lines) ?? (follows ? 10 : 100);
            var reading = new Reading(run);
            if (!follows)
            {
                await reading.RunAsync($"/admin/audit?lines={count.ToString(CultureInfo.InvariantCulture)}{filter}", () => { });
                return ExitCode.Success;
            }

            var patience = new Patience(run.Time);
            while (true)
            {
                try
                {
                    await reading.RunAsync(
                        $"/admin/audit?follow=true&lines={(reading.HasShown ? MostLines : count).ToString(CultureInfo.InvariantCulture)}{filter}", patience.Renew);
                }
                catch (CliException ex) when (patience.Allows(ex))
                {
                    // Asked again below.
                }

                await patience.WaitAsync(run.Cancelled);
            }
        });
    }

    /// <summary>What has been shown, so that a connection that is made anew shows nothing twice.</summary>
    private sealed class Reading(Invocation run)
    {
        private string? _last;

        public bool HasShown => _last is not null;

        public async Task RunAsync(string target, Action connected)
        {
            await using OpenReply reply = await run.Client.OpenAsync(target, run.Cancelled);
            connected();

            // Held back until the last shown line has come by; were it gone from the file, all of them would be new.
            string? known = _last;
            List<string> held = [];
            await using var splitter = new LineSplitter(bytes =>
            {
                string line = Encoding.UTF8.GetString(bytes);
                if (known is null)
                {
                    Show(line);
                }
                else if (line == known)
                {
                    (known, held) = (null, []);
                }
                else
                {
                    held.Add(line);
                }
            });
            byte[] buffer = new byte[64 * 1024];
            int read;
            while ((read = await reply.ReadAsync(buffer, run.Cancelled)) > 0)
            {
                splitter.Write(buffer.AsSpan(0, read));
                if (known is not null && held.Count >= MostLines)
                {
                    held.ForEach(Show);
                    (known, held) = (null, []);
                }
            }

            splitter.End();
            held.ForEach(Show);
        }

        private void Show(string line)
        {
            _last = line;
            try
            {
                if (JsonNode.Parse(line) is JsonObject entry)
                {
                    run.ShowNext(entry, AuditLine.Of);
                    return;
                }
            }
            catch (JsonException)
            {
                // Cut off by a full disk or a crash of the host: shown below as what it is.
            }

            run.ShowNext(new JsonObject { ["unreadable"] = line }, _ => Human.OneLine(line) + "\n");
        }
    }
}
