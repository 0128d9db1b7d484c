using Sleigh.Runtime.Memory;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.OutOfMemory;

/// <summary>The end of commands that the kernel killed for memory, and the rollbacks they set off.</summary>
public sealed class OomRollbackTests
{
    private const long MiB = 1024 * 1024;
    private const string Killed = "out of memory: a process was killed at 256 MB";
    private const string Advice = "automatic growth is off; call memory/expand with target_mb 512 or more, then run the command again";

    private static readonly SnapshotId Newest = SnapshotId.New();

    [Fact]
    public async Task A_killed_command_tells_how_and_the_event_of_it_comes_before_its_end()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Report, Newest).StartAsync();
        ExecRow row = world.Ended();

        world.Adopt(row);

        Exec final = await world.FinalAsync(row);
        OomReport report = new(true, 256 * MiB, 260046848, 0, Advice);
        Assert.Equal((ExecStatus.Failed, 137, "command exited with status 137"), (final.Status, final.ExitCode, final.Error));
        Assert.Equal(($"{Killed}; nothing was rolled back", report), (final.Recovery, final.Oom));
        Assert.Equal(260046848, final.Usage?.MemoryPeakBytes);
        Assert.Equal([EventTypes.ExecStarted, EventTypes.MemoryOom, EventTypes.ExecFinished], world.Events());
        SessionEvent told = world.Records.ReadEvents(null, 0, 100)[1];
        Assert.Equal((row.Exec.Id, row.Exec.Sandbox, report), (told.Exec, told.Sandbox, told.Data.Oom));
        Assert.Empty(world.Rollbacks);
        Assert.Equal(final, world.Records.FindExec(row.Exec.Id)?.Exec);
    }

    [Fact]
    public async Task Exit_code_137_without_the_kernels_count_is_no_lack_of_memory()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        ExecRow row = world.Ended(waitStatus: 9, oomKill: 0);

        world.Adopt(row);

        Exec final = await world.FinalAsync(row);
        Assert.Equal((137, null, null), (final.ExitCode, final.Recovery, final.Oom));
        Assert.Empty(world.Rollbacks);
    }

    [Fact]
    public async Task A_rollback_is_recorded_then_done_and_only_then_the_command_is_final()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        ExecRow row = world.Ended();
        TaskCompletionSource<OomAftermath> rollback = new();
        ExecRow? recorded = null;
        world.Perform = _ =>
        {
            recorded = Assert.Single(world.Records.ReadOpenExecs());
            return rollback.Task;
        };

        world.Adopt(row);
        Exec meanwhile = (await world.Execs.WaitAsync(row.Exec.Id, TimeSpan.FromMilliseconds(200), CancellationToken.None)).Exec;
        rollback.SetResult(new OomAftermath.RolledBack(Newest));
        Exec final = await world.FinalAsync(row);

        Assert.Equal((false, null), (meanwhile.IsFinal, meanwhile.Recovery));
        Assert.Equal((new OomIntent(KilledExecs.Layer, Newest, ExecStatus.Failed), Killed), (recorded?.Rollback, recorded?.Exec.Recovery));
        Assert.Equal((ExecStatus.Running, true, 137), (recorded?.Exec.Status, recorded?.Exec.Oom?.Killed, recorded?.Exec.ExitCode));
        Assert.Equal((ExecStatus.Failed, $"{Killed}; rolled back to snapshot {Newest} (on_oom=rollback)"), (final.Status, final.Recovery));
        Assert.Equal([EventTypes.ExecStarted, EventTypes.MemoryOom, EventTypes.ExecFinished], world.Events());
        Assert.Null(world.Records.FindExec(row.Exec.Id)?.Rollback);
    }

    [Fact]
    public async Task Two_commands_killed_at_once_set_off_one_rollback_and_both_tell_it()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        (ExecRow first, ExecRow second) = (world.Ended(), world.Ended());
        TaskCompletionSource<OomAftermath> rollback = new();
        world.Perform = _ => rollback.Task;

        world.Adopt(first);
        world.Adopt(second);
        rollback.SetResult(new OomAftermath.RolledBack(Newest));

        string text = $"{Killed}; rolled back to snapshot {Newest} (on_oom=rollback)";
        Assert.Equal((text, text), ((await world.FinalAsync(first)).Recovery, (await world.FinalAsync(second)).Recovery));
        Assert.Single(world.Rollbacks);
    }

    [Fact]
    public async Task A_command_that_was_killed_too_but_is_found_only_when_its_slot_ends_joins_the_rollback()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync(allowed: false);
        (ExecRow first, ExecRow second) = (world.Ended(), world.Ended());
        world.Perform = async intent =>
        {
            // As the real one: commands of the old slot end inside of the rollback.
            world.Slot.Ending = ExecEndCause.Rollback;
            world.Adopt(second);
            await world.Execs.EndSlotAsync(world.Slot, ExecEndCause.Rollback);
            return new OomAftermath.RolledBack(intent.Snapshot);
        };

        world.Adopt(first);
        world.Execs.Rollbacks.Allow();

        string text = $"{Killed}; rolled back to snapshot {Newest} (on_oom=rollback)";
        Assert.Equal(text, (await world.FinalAsync(first)).Recovery);
        Exec other = await world.FinalAsync(second);
        Assert.Equal((text, "command exited with status 137"), (other.Recovery, other.Error));
        Assert.Single(world.Rollbacks);
    }

    [Fact]
    public async Task Without_a_snapshot_nothing_is_rolled_back_and_that_is_said()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback).StartAsync();
        ExecRow row = world.Ended();

        world.Adopt(row);

        Assert.Equal($"{Killed}; on_oom=rollback but there is no snapshot", (await world.FinalAsync(row)).Recovery);
        Assert.Empty(world.Rollbacks);
    }

    [Fact]
    public async Task A_rollback_that_fails_is_not_told_as_one()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        world.Perform = _ => Task.FromResult<OomAftermath>(new OomAftermath.Nothing());
        ExecRow row = world.Ended();

        world.Adopt(row);

        Assert.Equal($"{Killed}; nothing was rolled back", (await world.FinalAsync(row)).Recovery);
    }

    [Theory]
    [InlineData("Rollback")]
    [InlineData("Delete")]
    [InlineData("SandboxStopped")]
    public async Task What_the_caller_does_to_the_sandbox_never_sets_one_off(string cause)
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        world.Slot.Ending = Enum.Parse<ExecEndCause>(cause);
        ExecRow row = world.Ended();

        world.Adopt(row);

        Assert.StartsWith(Killed, (await world.FinalAsync(row)).Recovery);
        Assert.Empty(world.Rollbacks);
    }

    [Fact]
    public async Task A_daemon_that_dies_before_the_rollback_does_it_at_its_next_start_once()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        ExecRow row = world.Ended();
        world.Perform = _ => Task.FromResult<OomAftermath>(new OomAftermath.Postponed());
        world.Adopt(row);
        await Poll(() => world.Rollbacks.Count == 1);

        world.Restart(SnapshotId.New());
        TaskCompletionSource<OomAftermath> rollback = new();
        world.Perform = _ => rollback.Task;
        ExecRow open = Assert.Single(world.Records.ReadOpenExecs());
        world.Adopt(open);
        Exec meanwhile = world.Execs.Find(row.Exec.Id)!;
        rollback.SetResult(new OomAftermath.RolledBack(Newest));
        Exec final = await world.FinalAsync(row);

        Assert.Equal(row.Exec, meanwhile);
        Assert.Equal($"{Killed}; rolled back to snapshot {Newest} (on_oom=rollback)", final.Recovery);
        Assert.Equal((ExecStatus.Failed, 137, 260046848L), (final.Status, final.ExitCode, final.Usage?.MemoryPeakBytes));
        Assert.Equal(2, world.Rollbacks.Count);
        Assert.Equal([EventTypes.ExecStarted, EventTypes.MemoryOom, EventTypes.ExecFinished], world.Events());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_daemon_that_dies_after_the_rollback_does_not_do_it_again(bool toThatSnapshot)
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync();
        ExecRow row = world.Ended();
        world.Perform = _ => Task.FromResult<OomAftermath>(new OomAftermath.Postponed());
        world.Adopt(row);
        await Poll(() => world.Rollbacks.Count == 1);
        world.Entry.Change(
            r => r with { Layer = "lyr-ffffffffffff", Sandbox = r.Sandbox with { BaseSnapshot = toThatSnapshot ? Newest : SnapshotId.New() } }, _ => { });

        world.Restart(Newest);
        world.Adopt(Assert.Single(world.Records.ReadOpenExecs()));

        string tail = toThatSnapshot ? $"; rolled back to snapshot {Newest} (on_oom=rollback)" : "";
        Assert.Equal(Killed + tail, (await world.FinalAsync(row)).Recovery);
        Assert.Single(world.Rollbacks);
    }

    [Fact]
    public async Task Nothing_is_rolled_back_before_the_start_of_the_daemon_has_sorted_what_it_found()
    {
        await using KilledExecs world = await new KilledExecs(OomAction.Rollback, Newest).StartAsync(allowed: false);
        ExecRow row = world.Ended();

        world.Adopt(row);
        await Task.Delay(100);
        Assert.Empty(world.Rollbacks);
        world.Execs.Rollbacks.Allow();

        Assert.True((await world.FinalAsync(row)).IsFinal);
        Assert.Single(world.Rollbacks);
    }

    private static async Task Poll(Func<bool> until)
    {
        for (int i = 0; i < 1000 && !until(); i++)
        {
            await Task.Delay(5);
        }

        Assert.True(until());
    }
}
