using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// The daemon is killed at random moments of creates, snapshots, rollbacks, forks and deletes. Whatever was answered holds after
/// the restart; whatever was not is there whole or not at all; and the host holds nothing that no record names.
/// </summary>
[Collection(DaemonCollection.Name)]
public sealed class KillAnywhereTests(DaemonFixture fixture)
{
    private const int Rounds = 16;
    private const int Workers = 3;
    private const int Seed = 20251121;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task What_was_answered_holds_and_nothing_unnamed_is_left_wherever_the_daemon_is_killed()
    {
        await fixture.Images.HaveAsync(TestImages.Busybox);
        Random random = new(Seed);
        List<Lineage> lineages = [.. Enumerable.Range(0, Workers).Select(n => new Lineage(fixture.Client, n))];
        for (int round = 0; round < Rounds; round++)
        {
            using CancellationTokenSource stop = new();
            Task[] working = [.. lineages.Select(l => l.WorkAsync(random.Next(), stop.Token))];
            int begun = lineages.Sum(l => l.Steps);
            if (round % 4 != 0)
            {
                // A fresh daemon is slow at first; each fourth time it is killed in just that.
                await Poll.UntilAsync(() => lineages.Sum(l => l.Steps) >= begun + Workers, 60, () => "no step was answered");
            }

            await Task.Delay(random.Next(10, 400));
            await fixture.Daemon.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(working);
            await fixture.Daemon.StartAsync();
            foreach (Lineage lineage in lineages)
            {
                await lineage.VerifyAsync($"round {round}");
            }

            await RemoveUnansweredAsync(lineages, round);
            await Consistency.SettledAsync(fixture.Daemon);
        }

        int steps = lineages.Sum(l => l.Steps);
        Assert.True(steps > Rounds * Workers, $"only {steps} steps were answered");
        await Task.WhenAll(lineages.Select(l => l.RemoveAsync()));
        await Consistency.SettledAsync(fixture.Daemon);
    }

    // One that was committed but not answered is no fault; it must work like any other.
    private async Task RemoveUnansweredAsync(List<Lineage> lineages, int round)
    {
        HashSet<string> known = [.. lineages.SelectMany(l => l.Ids)];
        JsonArray all = (await fixture.Client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray();
        foreach (string id in all.Select(s => (string)s!["sandbox_id"]!).Where(id => !known.Contains(id)))
        {
            ExecReply exec = await fixture.Client.ExecAsync(id, "cat /file 2> /dev/null; echo works");
            Assert.True(exec.Stdout.EndsWith("works\n", StringComparison.Ordinal), $"round {round}: unanswered sandbox {id}: {exec}");
            await fixture.Client.DeleteAsync(id);
        }
    }

    /// <summary>Sandboxes that one worker changes, and what each may hold: one text, or two while a change is not answered.</summary>
    private sealed class Lineage(DaemonClient client, int number)
    {
        private readonly Dictionary<string, Known> _sandboxes = [];
        private readonly HashSet<string> _goingAway = [];
        private int _texts;

        public int Steps { get; private set; }

        public IEnumerable<string> Ids => _sandboxes.Keys;

        public async Task WorkAsync(int seed, CancellationToken cancellationToken)
        {
            Random random = new(seed);
            try
            {
                while (!cancellationToken.IsCancellationRequested)
                {
                    await StepAsync(random);
                    Steps++;
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The daemon was killed: this step has no answer.
            }
        }

        public async Task VerifyAsync(string when)
        {
            foreach ((string id, Known known) in _sandboxes.ToArray())
            {
                (int status, JsonObject body) = await client.CallAsync("GET", $"/sandboxes/{id}");
                if (status == 404 && _goingAway.Contains(id))
                {
                    _sandboxes.Remove(id);
                    continue;
                }

                Assert.True(status == 200, $"{when}: {id} is {status}: {body.ToJsonString()}");
                string text = await client.RunAsync(id, "cat /file 2> /dev/null || true");
                Assert.True(known.May.Contains(text), $"{when}: {id} holds '{text}', not one of '{string.Join("' '", known.May)}'");
                known.May.RemoveWhere(t => t != text);
                JsonArray listed = (await client.SendAsync("GET", $"/sandboxes/{id}/snapshots", null, 200))["items"]!.AsArray();
                string[] ids = [.. listed.Select(s => (string)s!["id"]!)];
                Assert.True(known.Snapshots.Keys.All(ids.Contains), $"{when}: {id} has lost a snapshot: has {string.Join(' ', ids)}");
                if (known.Snapshots.Count > 0)
                {
                    (string snapshot, string held) = known.Snapshots.Last();
                    await client.RollbackAsync(id, snapshot);
                    Assert.Equal(held, await client.RunAsync(id, "cat /file 2> /dev/null || true"));
                    known.Be(held);
                }
            }

            _goingAway.Clear();
        }

        public async Task RemoveAsync()
        {
            foreach (string id in Ids.ToArray())
            {
                await client.DeleteAsync(id);
                _sandboxes.Remove(id);
            }
        }

        private async Task StepAsync(Random random)
        {
            string[] usable = [.. _sandboxes.Keys.Where(id => !_goingAway.Contains(id))];
            string? id = usable.Length == 0 ? null : usable[random.Next(usable.Length)];
            Known known = id is null ? new Known() : _sandboxes[id];
            switch (random.Next(6))
            {
                case 0 when id is not null && usable.Length < 4:
                    string[] forks = await client.ForkAsync(id, 2);
                    Array.ForEach(forks, f => _sandboxes[f] = new Known(known.Text));
                    break;
                case 1 when id is not null:
                    known.Snapshots[await client.SnapshotAsync(id)] = known.Text;
                    break;
                case 2 when id is not null && known.Snapshots.Count > 0:
                    (string snapshot, string held) = known.Snapshots.ElementAt(random.Next(known.Snapshots.Count));
                    known.May.Add(held);
                    await client.RollbackAsync(id, snapshot);
                    known.Be(held);
                    break;
                case 3 when usable.Length > 2:
                    _goingAway.Add(id!);
                    await client.DeleteAsync(id!);
                    _sandboxes.Remove(id!);
                    _goingAway.Remove(id!);
                    break;
                case 4 or 5 when id is not null:
                    // Beside and renamed, so that a kill leaves the one or the other.
                    string text = $"{number}-{_texts++}\n";
                    known.May.Add(text);
                    await client.RunAsync(id, $"printf '{text.Trim()}\\n' > /new && mv /new /file");
                    known.Be(text);
                    break;
                default:
                    _sandboxes[await client.NewAsync(TestImages.Busybox)] = new Known();
                    break;
            }
        }
    }

    private sealed class Known(string text = "")
    {
        public HashSet<string> May { get; } = [text];

        public Dictionary<string, string> Snapshots { get; } = [];

        public string Text => May.Single();

        public void Be(string text)
        {
            May.Clear();
            May.Add(text);
        }
    }
}
