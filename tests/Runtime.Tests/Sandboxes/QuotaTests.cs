using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Sandboxes;

/// <summary>Quotas hold for calls at the same moment too.</summary>
public sealed class QuotaTests
{
    private readonly SandboxTable _table = new();
    private readonly SessionId _session = SessionId.New();

    [Fact]
    public void What_is_being_made_counts_until_it_is_there_or_given_up()
    {
        SandboxPlaces places = new(_table);
        using SandboxPlaces.Places two = places.Hold(_session, 2, 3);
        using SandboxPlaces.Places third = places.Hold(_session, 1, 3);

        RuntimeException full = Assert.Throws<RuntimeException>(() => places.Hold(_session, 1, 3));
        Assert.Equal((ErrorKind.QuotaExceeded, "the session may have 3 sandboxes; delete one first"), (full.Kind, full.Message));
        Assert.Equal(("sandboxes_per_session", 3), (full.Details["quota"], full.Details["limit"]));

        // One is made, one is given up: there is room for one.
        two.Fill(Entry());
        two.Dispose();
        Assert.Single(_table.All);
        places.Hold(_session, 1, 3).Dispose();
        Assert.Throws<RuntimeException>(() => places.Hold(_session, 2, 3));
        using SandboxPlaces.Places others = places.Hold(SessionId.New(), 3, 3);
        using SandboxPlaces.Places unlimited = places.Hold(_session, 100, null);
    }

    [Fact]
    public async Task Many_at_once_never_pass_it_together()
    {
        SandboxPlaces places = new(_table);
        int refused = 0;

        await Parallel.ForEachAsync(Enumerable.Range(0, 100), async (_, _) =>
        {
            try
            {
                using SandboxPlaces.Places place = places.Hold(_session, 1, 10);
                await Task.Yield();
                place.Fill(Entry());
            }
            catch (RuntimeException)
            {
                Interlocked.Increment(ref refused);
            }
        });

        Assert.Equal((10, 90), (_table.Count, refused));
    }

    [Fact]
    public void Commands_about_to_start_count_as_those_that_run()
    {
        SandboxEntry entry = Entry();
        int admitted = 0;

        Parallel.For(0, 200, _ =>
        {
            if (entry.TryAddCommand(64))
            {
                Interlocked.Increment(ref admitted);
            }
        });

        Assert.Equal((64, 64), (admitted, entry.Commands));
        entry.RemoveCommand();
        Assert.True(entry.TryAddCommand(64));
        Assert.False(entry.TryAddCommand(64));
    }

    private SandboxEntry Entry() => new(
        new SandboxRecord
        {
            Sandbox = new Sandbox
            {
                Id = SandboxId.New(), Session = _session, Image = "i", Status = SandboxStatus.Running, Labels = new Dictionary<string, string>(),
                Created = DateTimeOffset.UnixEpoch, LastUsed = DateTimeOffset.UnixEpoch, MemoryLimitMb = 256, MemoryCeilingMb = 256, PidsLimit = 1024,
                Network = NetworkMode.None, RuntimeClass = "runc", AutoExpandMemory = true, OnOom = OomAction.Report,
            },
            Layer = "lyr-0123456789ab", Chain = "c", Settings = new ImageSettings([], null, null), Env = new Dictionary<string, string>(),
        },
        null,
        TimeProvider.System);
}
