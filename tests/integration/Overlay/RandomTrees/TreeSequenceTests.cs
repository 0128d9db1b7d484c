using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>
/// Sequences at random for one driver, two at a time on one store. <c>SLEIGH_TREE_SEQUENCES</c> is how many (260 when not set);
/// the seed of each is printed when it fails, and <c>SLEIGH_TREE_SEED</c> runs that one again.
/// </summary>
public abstract class TreeSequenceTests : IAsyncLifetime
{
    private const int Usual = 260;
    private const int AtOnce = 2;
    private const int BetweenSweeps = 25;

    // On memory, where a flush costs nothing: what is looked at here is what is kept, not whether a power cut keeps it.
    private readonly TestDirectory _directory = new(memory: Environment.IsPrivilegedProcess);
    private LayerStore? _store;

    private protected abstract LayerDriverKind Driver { get; }

    /// <summary>Makes and mounts the filesystem of the data directory; none: the pool's own.</summary>
    private protected abstract string? MakeFilesystem { get; }

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return;
        }

        _directory.Make("disk");
        if (MakeFilesystem is { } program)
        {
            Shell.Bash($"cd {_directory.Path}; truncate -s 2G disk.img; {program} -q disk.img; mount -o loop disk.img disk");
        }

        _store = await LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = _directory["disk/data"], Driver = Driver, PoolBytes = 2L << 30 });
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.CloseAsync(unmount: true);
        }

        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task RunAsync()
    {
        int? only = Number("SLEIGH_TREE_SEED");
        int first = only ?? RandomNumberGenerator.GetInt32(1_000_000_000);
        int count = only is null ? Number("SLEIGH_TREE_SEQUENCES") ?? Usual : 1;
        var failures = new ConcurrentQueue<string>();
        int restored = 0;
        int done = 0;
        long begun = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, cancellationToken) =>
        {
            if (!failures.IsEmpty)
            {
                return;
            }

            var sequence = new TreeSequence(_store!, _directory, seed);
            if (await Record.ExceptionAsync(sequence.RunAsync) is { } failure)
            {
                failures.Enqueue($"{GetType().Name}, SLEIGH_TREE_SEED={seed}:\n{failure}\n\nDone until then:\n{sequence.Log}");
            }

            Interlocked.Add(ref restored, sequence.Restored);
            if (Interlocked.Increment(ref done) % BetweenSweeps == 0)
            {
                await _store!.EmptyTrashAsync(cancellationToken);
            }
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{GetType().Name}: seeds {first} to {first + count - 1}, {restored} snapshots given back, {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s"));
        Assert.True(failures.IsEmpty, failures.FirstOrDefault());
        Assert.True(restored >= 2 * count, $"only {restored} snapshots of {count} sequences were looked at");

        // Nothing is left of all that: no layer, and no file in the trash.
        await _store!.EmptyTrashAsync();
        Assert.Equal((0, 0), (_store.List().Live.Count, _store.List().Sealed.Count));
        foreach (string part in (string[])["live", "sealed"])
        {
            Assert.Empty(Directory.GetFileSystemEntries($"{_store.Status.Root}/{part}"));
        }
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}

/// <summary>btrfs in a pool file.</summary>
public sealed class BtrfsTreeSequenceTests : TreeSequenceTests
{
    private protected override LayerDriverKind Driver => LayerDriverKind.Btrfs;

    private protected override string? MakeFilesystem => null;

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public Task In_a_pool_each_snapshot_gives_back_its_tree_whatever_happened_since() => RunAsync();
}

/// <summary>A data directory on btrfs.</summary>
public sealed class DirectBtrfsTreeSequenceTests : TreeSequenceTests
{
    private protected override LayerDriverKind Driver => LayerDriverKind.Btrfs;

    private protected override string? MakeFilesystem => "mkfs.btrfs";

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public Task On_btrfs_each_snapshot_gives_back_its_tree_whatever_happened_since() => RunAsync();
}

/// <summary>Cloned files on XFS.</summary>
public sealed class ReflinkTreeSequenceTests : TreeSequenceTests
{
    private protected override LayerDriverKind Driver => LayerDriverKind.Reflink;

    private protected override string? MakeFilesystem => "mkfs.xfs";

    [HostFact(Need.Overlay, Need.Xfs, Need.LoopDevices)]
    public Task On_xfs_each_snapshot_gives_back_its_tree_whatever_happened_since() => RunAsync();
}

/// <summary>Copied files on ext4.</summary>
public sealed class CopyTreeSequenceTests : TreeSequenceTests
{
    private protected override LayerDriverKind Driver => LayerDriverKind.Copy;

    private protected override string? MakeFilesystem => "mkfs.ext4";

    [HostFact(Need.Overlay, Need.LoopDevices)]
    public Task On_ext4_each_snapshot_gives_back_its_tree_whatever_happened_since() => RunAsync();
}
