using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>The snapshots of a sandbox as the tree that their parents make of them. Pure: values in, text or values out.</summary>
internal sealed class SnapshotTree
{
    /// <summary>Readers of JSON give up somewhere beyond this.</summary>
    public const int MostLevels = 400;

    private readonly List<(JsonObject Snapshot, int Level, string Lines)> _rows = [];
    private readonly string? _live;

    /// <param name="newestFirst">The snapshots as the daemon lists them.</param>
    /// <param name="live">The snapshot that the files stand on; null: none.</param>
    public SnapshotTree(IReadOnlyList<JsonObject> newestFirst, string? live)
    {
        JsonObject[] all = [.. newestFirst.Reverse()];
        HashSet<string?> known = [.. all.Select(s => s.Text("id"))];
        _live = known.Contains(live) ? live : null;

        // The snapshot that a fork began with is another sandbox's: what has it for a parent begins a tree here.
        string? ParentOf(JsonObject snapshot) => known.Contains(snapshot.Text("parent_id")) ? snapshot.Text("parent_id") : null;
        ILookup<string?, JsonObject> children = all.ToLookup(ParentOf);
        Stack<(JsonObject Snapshot, int Level, string Lines, string Below)> open = [];
        Push(children[null], 0, "");
        while (open.TryPop(out (JsonObject Snapshot, int Level, string Lines, string Below) next))
        {
            _rows.Add((next.Snapshot, next.Level, next.Lines));
            Push(children[next.Snapshot.Text("id")], next.Level + 1, next.Below);
        }

        void Push(IEnumerable<JsonObject> siblings, int level, string before)
        {
            bool isLast = true;
            foreach (JsonObject snapshot in siblings.Reverse())
            {
                (string lines, string below) = level == 0 ? ("", "") : isLast ? ("└─ ", "   ") : ("├─ ", "│  ");
                open.Push((snapshot, level, before + lines, before + below));
                isLast = false;
            }
        }
    }

    /// <summary>How many levels there are.</summary>
    public int Levels => _rows.Select(r => r.Level + 1).DefaultIfEmpty().Max();

    /// <summary>A row each, parents above their children, older siblings first.</summary>
    public string ToText(DateTimeOffset now)
    {
        var table = new Table("SNAPSHOT", "NAME", ">AGE", ">SIZE", "MARKS");
        foreach ((JsonObject s, _, string lines) in _rows)
        {
            string?[] marks = [IsLive(s) ? "* live" : null, s.Flag("auto") == true ? "auto" : null, s.Flag("keep") == true ? "keep" : null];
            table.Row(lines + s.Text("id"), s.Text("name"), Views.AgeOf(s, "created", now), Views.SizeOf(s, "bytes"), string.Join(", ", marks.OfType<string>()));
        }

        return _live is null ? $"{table}* live stands on none of them\n" : table.ToString();
    }

    /// <summary>The daemon's objects, each with its <c>children</c>, and <c>live</c> where the files stand.</summary>
    public JsonObject ToJson()
    {
        JsonArray roots = [];
        Stack<JsonArray> open = new([roots]);
        foreach ((JsonObject snapshot, int level, _) in _rows)
        {
            while (open.Count > level + 1)
            {
                open.Pop();
            }

            JsonArray children = [];
            var node = (JsonObject)snapshot.DeepClone();
            if (IsLive(snapshot))
            {
                node["live"] = true;
            }

            node["children"] = children;
            open.Peek().Add((JsonNode)node);
            open.Push(children);
        }

        return new JsonObject { ["live"] = _live, ["items"] = roots };
    }

    /// <summary>The ids, in the order of the rows.</summary>
    public IEnumerable<string?> Ids => _rows.Select(r => r.Snapshot.Text("id"));

    private bool IsLive(JsonObject snapshot) => _live is not null && snapshot.Text("id") == _live;
}
