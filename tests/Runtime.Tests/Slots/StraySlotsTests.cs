using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Cgroups;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

/// <summary>Shims that a list plays, whose removal takes them off it; the records are real.</summary>
public sealed class StraySlotsTests : IAsyncDisposable
{
    private const string Socket = "/run/ours/containerd.sock";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-stray-");
    private readonly ConcurrentDictionary<(string Container, string Socket), bool> _shims = [];
    private readonly ConcurrentQueue<SlotId> _removed = [];
    private readonly RecordStore _records;
    private readonly SlotLeftovers _leftovers;
    private Func<SlotId, bool> _fails = _ => false;
    private Action<SlotId> _then = _ => { };

    public StraySlotsTests()
    {
        _records = RecordStore.Open(Path.Combine(_folder.FullName, "x.db"));
        _leftovers = new SlotLeftovers((_, _) => Task.CompletedTask, TimeProvider.System, NullLogger.Instance);
    }

    [Fact]
    public async Task What_is_there_at_two_looks_is_removed_and_what_ends_by_itself_or_has_a_record_is_not()
    {
        SlotId stray = Shim(), brief = Shim(), recorded = Shim(), others = Shim("/run/other/containerd.sock");
        _records.PutSlot(new SlotRecord(recorded, SlotState.Parked, null, 1, new SlotLimits(512, null, 100, null)));
        StraySlots strays = Strays();

        Assert.Equal(2, await strays.SweepAsync());
        Assert.Empty(_removed);
        _shims.Remove((brief.ToString(), Socket), out _);

        Assert.Equal(0, await strays.SweepAsync());
        Assert.Equal([stray], _removed);
        Assert.Equal(0, await strays.SweepAsync());
        Assert.Equal([stray], _removed);
        Assert.Equal(2, _shims.Count);
        Assert.Contains((others.ToString(), "/run/other/containerd.sock"), _shims.Keys);
    }

    [Fact]
    public async Task A_shim_of_a_containerd_that_is_not_ours_alone_is_nobodys_to_judge()
    {
        Shim();
        StraySlots strays = Strays(socket: null);

        Assert.Equal(0, await strays.SweepAsync());
        Assert.Equal(0, await strays.SweepAsync());
        Assert.Empty(_removed);
    }

    [Fact]
    public async Task At_the_end_of_all_what_is_recorded_goes_and_what_comes_up_meanwhile_goes_too()
    {
        SlotId recorded = Shim(), first = Shim();
        SlotId late = default;
        _records.PutSlot(new SlotRecord(recorded, SlotState.Parked, null, 1, new SlotLimits(512, null, 100, null)));
        _then = slot =>
        {
            if (slot == first)
            {
                late = Shim();
            }
        };

        string[] left = await Strays().EndAllAsync();

        Assert.Empty(left);
        Assert.Equal([recorded, first, late], _removed);
        Assert.Empty(_shims);
    }

    [Fact]
    public async Task What_cannot_be_removed_is_named_and_tried_again()
    {
        SlotId stuck = Shim(), good = Shim();
        _fails = slot => slot == stuck;

        string[] left = await Strays().EndAllAsync();

        Assert.Equal([stuck.ToString()], left);
        Assert.Equal([good], _removed);
        Assert.Equal(1, _leftovers.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _leftovers.DisposeAsync();
        _records.Dispose();
        _folder.Delete(recursive: true);
    }

    private SlotId Shim(string socket = Socket)
    {
        SlotId slot = SlotId.New();
        _shims[(slot.ToString(), socket)] = true;
        return slot;
    }

    private StraySlots Strays(string? socket = Socket) => new(
        DestroyAsync, _leftovers, () => [.. _shims.Keys], _records,
        new CgroupHierarchy(new CgroupMounts(CgroupMode.Unified, _folder.FullName, new Dictionary<string, string>())),
        new SlotPaths(_folder.FullName, "sleigh", CgroupMode.Unified), socket, NullLogger.Instance);

    private Task DestroyAsync(SlotId slot, CancellationToken cancellationToken)
    {
        if (_fails(slot))
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{slot} does not end"));
        }

        _removed.Enqueue(slot);
        _shims.Remove((slot.ToString(), Socket), out _);
        _records.RemoveSlot(slot);
        _then(slot);
        return Task.CompletedTask;
    }
}
