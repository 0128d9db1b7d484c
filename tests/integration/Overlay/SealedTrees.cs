using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>A live tree over an image, and sealed layers of it, with one driver.</summary>
public abstract class SealedTrees : IAsyncLifetime
{
    private readonly LayerDriverKind _driver;
    private readonly List<IDisposable> _opened = [];

    private protected SealedTrees(LayerDriverKind driver) => _driver = driver;

    private protected TestDirectory Place { get; } = new();

    private protected List<(LayerId Id, DateTimeOffset At)> Sealed { get; } = [];

    private protected LayerStore Store { get; private set; } = null!;

    private protected string Image { get; private set; } = "";

    private protected MountedTree Live { get; set; } = null!;

    private protected bool IsBtrfs => _driver == LayerDriverKind.Btrfs;

    public async ValueTask InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Image = SampleTree.MakeImage(Place);
            Shell.Bash($"cd {Image}; mkdir -p proc dev sys deep/a-b/c deep/a/c doomed; echo x > deep/a-b/x; echo x > deep/a/x; echo y > deep/a.b; cd doomed; touch $(seq 300)");
            Store = await LayerStore.OpenAsync(new LayerStoreOptions { DataDirectory = Place["data"], Driver = _driver, PoolBytes = 1L << 30 });
            Live = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(o => o.Dispose());
        if (Store is not null)
        {
            await Store.EmptyTrashAsync();
            await Store.CloseAsync(unmount: true);
        }

        Place.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<MountedTree> RestoreAsync(int index) =>
        new(Place, await Store.CreateLiveAsync(LayerId.NewLive(), Sealed[index].Id), Image);

    private protected async Task<TreeDiffPage> DiffAsync(int from, int? to, TreeDiffQuery query)
    {
        using SafeFileHandle before = await OpenSealedAsync(from);
        using SafeFileHandle after = to is int second ? await OpenSealedAsync(second) : Files.Open(Live.Path, OpenFlags.PathOnly | OpenFlags.Directory);
        return await TreeDiff.RunAsync(await SideAsync(from) with { Root = before }, await SideAsync(to) with { Root = after }, query, default);
    }

    // Without its root, which is the caller's to open.
    private protected async Task<TreeDiffSide> SideAsync(int? index) => new()
    {
        Root = null!,
        Layers = index is int one ? await LayersAsync(one) : [Live.Layer.Upper, .. Live.Layer.SealedLowers, Image],
        SealedAt = index is int at ? Sealed[at].At : null,
    };

    private protected async Task<SafeFileHandle> OpenSealedAsync(int index)
    {
        using OverlayLayers layers = OverlayLayers.OpenReadOnly(await LayersAsync(index));
        return layers.MountDetached();
    }

    private protected async Task<IReadOnlyList<string>> LayersAsync(int index) => [.. await Store.UppersOfAsync(Sealed[index].Id), Image];

    private protected async Task SealAsync()
    {
        DateTimeOffset at = DateTimeOffset.UtcNow;
        using SealPreparation prepared = await Store.PrepareSealAsync(Live.Layer.Id);
        Sealed.Add(((await Store.SealAsync(prepared, LayerId.NewSealed())).Id, at));
    }

    private protected MountedTree Mount(LiveLayer layer)
    {
        var tree = new MountedTree(Place, layer, Image);
        _opened.Add(tree);
        return tree;
    }
}
