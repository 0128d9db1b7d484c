using System.Diagnostics;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Not tests but figures, run on demand (<c>-explicit only</c>): they print p50 and p95 in milliseconds.</summary>
public sealed class LayerFigures : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly Dictionary<string, List<double>> _times = [];

    public void Dispose() => _directory.Dispose();

    [HostFact(Need.Btrfs, Need.Overlay, Need.LoopDevices, Explicit = true)]
    public Task Btrfs() => MeasureAsync(LayerDriverKind.Btrfs, rounds: 30);

    [HostFact(Need.Btrfs, Need.Overlay, Need.LoopDevices, Explicit = true)]
    public Task Copy() => MeasureAsync(LayerDriverKind.Copy, rounds: 4);

    [HostFact(Need.Overlay, Explicit = true)]
    public async Task Claim()
    {
        using var memory = new TestDirectory(memory: true);
        using NamespaceThread namespaces = NamespaceThread.Start();
        using var test = new TestSlot(memory);
        using SlotNamespaces slot = test.Open();
        foreach (OverlayMethod method in Enum.GetValues<OverlayMethod>())
        {
            var mounter = new TreeMounter(namespaces, new TreeMounterOptions { Method = method, StagingDirectory = memory["staging"] });
            for (int i = 0; i < 120; i++)
            {
                TreePlan plan = Plan(memory, $"{method}-{i}");
                SafeFileHandle root = await TimeAsync($"claim {method}", () => mounter.MountAsync(plan, slot), warmUp: i < 20);
                await TimeAsync($"detach {method}", () => mounter.DetachAsync(slot, root), warmUp: i < 20);
                root.Dispose();
            }
        }

        Print();
    }

    private static TreePlan Plan(TestDirectory directory, string name) => new()
    {
        Lowers = [directory.Make("lower")],
        Upper = directory.Make($"{name}/upper"),
        Work = directory.Make($"{name}/work"),
        Volatile = true,
        HostName = "figures",
        OwnFiles = [.. new[] { "hosts", "hostname", "resolv.conf", "machine-id" }.Select(f => new OwnFile($"/etc/{f}", "text"))],
    };

    private async Task MeasureAsync(LayerDriverKind driver, int rounds)
    {
        LayerStore store = await LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = _directory["data"], Driver = driver, PoolBytes = 4L << 30 });
        string image = SampleTree.MakeImage(_directory);
        var tree = new MountedTree(_directory, await store.CreateLiveAsync(LayerId.NewLive()), image);
        Shell.Bash($"cd {tree.Path}; mkdir f; for d in $(seq 200); do mkdir f/$d; for i in $(seq 100); do head -c 1000 /dev/zero > f/$d/$i; done; done; head -c 480M /dev/urandom > big; sync -f .");
        for (int round = 0; round < rounds; round++)
        {
            File.WriteAllText(tree["changing"], $"{round}");
            var id = LayerId.NewSealed();
            SealPreparation prepared = await TimeAsync("prepare", () => store.PrepareSealAsync(tree.Layer.Id));
            await TimeAsync("seal (the pause)", () => store.SealAsync(prepared, id));
            prepared.Dispose();
            LiveLayer empty = await TimeAsync("create empty", () => store.CreateLiveAsync(LayerId.NewLive()));
            LiveLayer fork = await TimeAsync("create from sealed", () => store.CreateLiveAsync(LayerId.NewLive(), id));
            await store.PrepareRestoreAsync(id);
            LiveLayer second = await TimeAsync("create from spare", () => store.CreateLiveAsync(LayerId.NewLive(), id));
            await store.DeleteLiveAsync(second.Id);
            await TimeAsync("delete", () => store.DeleteLiveAsync(fork.Id));
            await store.DeleteLiveAsync(empty.Id);
        }

        await TimeAsync("empty trash", () => store.EmptyTrashAsync());
        tree.Dispose();
        await store.CloseAsync(unmount: true);
        Print();
    }

    private async Task<T> TimeAsync<T>(string what, Func<Task<T>> call, bool warmUp = false)
    {
        long start = Stopwatch.GetTimestamp();
        T result = await call();
        Note(what, start, warmUp);
        return result;
    }

    private async Task TimeAsync(string what, Func<Task> call, bool warmUp = false)
    {
        long start = Stopwatch.GetTimestamp();
        await call();
        Note(what, start, warmUp);
    }

    private void Note(string what, long start, bool warmUp)
    {
        if (!warmUp)
        {
            _times.TryAdd(what, []);
            _times[what].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private void Print()
    {
        foreach ((string what, List<double> times) in _times)
        {
            times.Sort();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{what,-24} p50 {times[times.Count / 2],8:F2}  p95 {times[times.Count * 95 / 100],8:F2}  n {times.Count}"));
        }
    }
}
