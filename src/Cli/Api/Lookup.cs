using System.Buffers;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Api;

/// <summary>Turns what a person typed into an id: a whole id, a name, or the unique beginning of an id.</summary>
internal static class Lookup
{
    private const int MostExecs = 200;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The sandbox meant by <paramref name="typed"/>. A whole id is taken as it is, without asking the daemon.</summary>
    /// <exception cref="CliException">None fits, or several do.</exception>
    public static async Task<string> SandboxAsync(SleighClient client, string typed, CancellationToken cancellationToken)
    {
        if (IsWholeId(typed, "sbx_"))
        {
            return typed;
        }

        JsonObject all = await client.GetAsync("/admin/sandboxes", cancellationToken);
        return Pick(typed, "sandbox", "sbx_", all.Items().Select(s => (s.Text("sandbox_id") ?? "", s.Text("name"))), "sleighctl ls");
    }

    /// <summary>The session meant by <paramref name="typed"/>.</summary>
    public static async Task<string> SessionAsync(SleighClient client, string typed, CancellationToken cancellationToken)
    {
        if (IsWholeId(typed, "sid_"))
        {
            return typed;
        }

        JsonObject all = await client.GetAsync("/admin/sessions", cancellationToken);
        return Pick(typed, "session", "sid_", all.Items().Select(s => (s.Text("session_id") ?? "", (string?)null)), "sleighctl session ls");
    }

    /// <summary>
    /// The exec meant by <paramref name="typed"/>: an exec's id or its beginning with <c>exec_</c>, else a sandbox, whose latest exec it is.
    /// </summary>
    /// <returns>The exec as <c>/admin/execs</c> shows it.</returns>
    public static async Task<JsonObject> ExecAsync(SleighClient client, string typed, CancellationToken cancellationToken)
    {
        const string Prefix = "exec_";
        if (!typed.StartsWith(Prefix, StringComparison.Ordinal))
        {
            string sandbox = await SandboxAsync(client, typed, cancellationToken);
            JsonObject latest = await client.GetAsync($"/admin/execs?sandbox_id={sandbox}&limit=1", cancellationToken);
            return latest.Items() is [var newest, ..]
                ? newest
                : throw new CliException(ExitCode.Failure, $"no command has run in {sandbox} yet", $"run one: sleighctl exec {sandbox} -- PROGRAM");
        }

        JsonObject recent = await client.GetAsync($"/admin/execs?limit={MostExecs}", cancellationToken);
        string id = Pick(
            typed, "exec", Prefix, recent.Items().Select(e => (e.Text("id") ?? "", (string?)null)),
            $"the last {MostExecs} commands were looked at; sleighctl inspect SANDBOX");
        return recent.Items().First(e => e.Text("id") == id);
    }

    /// <summary>The snapshot of <paramref name="sandboxId"/> meant by <paramref name="typed"/>.</summary>
    /// <exception cref="CliException">None fits, or several do.</exception>
    public static async Task<string> SnapshotAsync(
        SleighClient client, string sandboxId, string typed, CancellationToken cancellationToken)
    {
        if (IsWholeId(typed, "snap_"))
        {
            return typed;
        }

        JsonObject all = await client.GetAsync($"/sandboxes/{sandboxId}/snapshots", cancellationToken);
        return Pick(
            typed, "snapshot", "snap_", all.Items().Select(s => (s.Text("id") ?? "", s.Text("name"))), $"sleighctl snapshots {sandboxId}");
    }

    /// <summary>The snapshot of any sandbox meant by <paramref name="typed"/>, with its sandbox.</summary>
    /// <exception cref="CliException">None fits, or several do.</exception>
    public static async Task<(string Sandbox, string Snapshot)> AnySnapshotAsync(SleighClient client, string typed, CancellationToken cancellationToken)
    {
        Dictionary<string, string> sandboxOf = [];
        List<(string, string?)> all = [];
        foreach (JsonObject snapshot in await AllSnapshotsAsync(client, cancellationToken))
        {
            string id = snapshot.Text("id") ?? "";
            sandboxOf[id] = snapshot.Text("sandbox_id") ?? "";
            all.Add((id, snapshot.Text("name")));
        }

        string found = Pick(typed, "snapshot", "snap_", all, "sleighctl snapshots SANDBOX");
        return (sandboxOf[found], found);
    }

    /// <summary>The snapshots of all sandboxes.</summary>
    public static async Task<IReadOnlyList<JsonObject>> AllSnapshotsAsync(SleighClient client, CancellationToken cancellationToken)
    {
        List<JsonObject> all = [];
        foreach (JsonObject sandbox in (await client.GetAsync("/admin/sandboxes", cancellationToken)).Items())
        {
            (int status, JsonObject snapshots) = await client.TryGetAsync($"/sandboxes/{sandbox.Text("sandbox_id")}/snapshots", cancellationToken);

            // One that has just been deleted has no snapshots any more.
            all.AddRange(status == 200 ? snapshots.Items() : []);
        }

        return all;
    }

    /// <summary>The delivery of a webhook meant by <paramref name="typed"/>.</summary>
    /// <exception cref="CliException">None fits, or several do.</exception>
    public static async Task<string> DeliveryAsync(SleighClient client, string typed, CancellationToken cancellationToken)
    {
        if (IsWholeId(typed, "whd_"))
        {
            return typed;
        }

        JsonObject all = await client.GetAsync("/admin/webhooks?limit=1000", cancellationToken);
        return Pick(typed, "delivery", "whd_", all.Items().Select(d => (d.Text("delivery_id") ?? "", (string?)null)), "sleighctl webhooks");
    }

    /// <summary>The rule: an exact name, else the one id that begins with what was typed, with or without its prefix.</summary>
    internal static string Pick(
        string typed, string what, string prefix, IEnumerable<(string Id, string? Name)> all, string seeThem)
    {
        (string Id, string? Name)[] candidates = [.. all];
        string[] found = [.. candidates.Where(c => c.Name == typed).Select(c => c.Id)];
        if (found.Length == 0 && typed.Length > 0)
        {
            found = [.. candidates.Select(c => c.Id).Where(id =>
                id.StartsWith(typed, StringComparison.Ordinal) || id.StartsWith(prefix + typed, StringComparison.Ordinal))];
        }

        return found switch
        {
            [string one] => one,
            [] => throw new CliException(ExitCode.Failure, $"no {what} has the id or name '{Output.Human.OneLine(typed)}'", $"{seeThem} shows them"),
            _ => throw new CliException(
                ExitCode.Failure,
                $"'{Output.Human.OneLine(typed)}' fits {found.Length} {Plural(what)}: {string.Join(", ", found.Take(5))}{(found.Length > 5 ? ", ..." : "")}",
                "type more of the id"),
        };
    }

    private static string Plural(string what) => what switch
    {
        "sandbox" => "sandboxes",
        "delivery" => "deliveries",
        _ => what + "s",
    };

    private static bool IsWholeId(string text, string prefix) =>
        text.Length == prefix.Length + 12 && text.StartsWith(prefix, StringComparison.Ordinal)
        && text.AsSpan(prefix.Length).IndexOfAnyExcept(HexDigits) < 0;
}
