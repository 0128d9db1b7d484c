using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>The same with btrfs.</summary>
public sealed class BtrfsLayerExportTests() : LayerExportTests(LayerDriverKind.Btrfs);

/// <summary>What a kernel's overlay keeps of changes becomes the marks of an image's layer.</summary>
public class LayerExportTests : IAsyncLifetime
{
    private readonly TestDirectory _directory = new();
    private readonly LayerDriverKind _driver;
    private readonly List<IDisposable> _opened = [];
    private LayerStore _store = null!;
    private string _image = "";
    private MountedTree _tree = null!;

    public LayerExportTests()
        : this(LayerDriverKind.Copy)
    {
    }

    private protected LayerExportTests(LayerDriverKind driver) => _driver = driver;

    public async ValueTask InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _image = _directory.Make("image");
            Shell.Bash($"cd {_image}; mkdir -p keep/sub gone old/deep/er swap proc dev sys; for d in keep keep/sub gone old old/deep old/deep/er swap; do echo image > $d/f; done");
            _store = await LayerStore.OpenAsync(new LayerStoreOptions { DataDirectory = _directory["data"], Driver = _driver, PoolBytes = 1L << 30 });
            _tree = Mount(await _store.CreateLiveAsync(LayerId.NewLive()));
        }
    }

    public async ValueTask DisposeAsync()
    {
        _opened.ForEach(o => o.Dispose());
        if (_store is not null)
        {
            await _store.EmptyTrashAsync();
            await _store.CloseAsync(unmount: true);
        }

        _directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Deleted_replaced_and_renamed_things_become_marks()
    {
        Change("rm keep/f; rm -r gone; rm -r swap; mkdir swap; echo new > swap/new; mv old moved; echo more > moved/deep/more; echo x > proc/x; mkfifo pipe; ln pipe pipe2");
        LayerId sealedId = await SealAsync();

        Assert.Equal(
            [
                "Directory ./", "RegularFile .wh.gone", "RegularFile .wh.old",
                "Directory keep/", "RegularFile keep/.wh.f",
                "Directory moved/", "RegularFile moved/.wh..wh..opq", "Directory moved/deep/", "Directory moved/deep/er/", "RegularFile moved/deep/er/f 6",
                "RegularFile moved/deep/f 6", "RegularFile moved/deep/more 5", "RegularFile moved/f 6",
                "Fifo|HardLink pipe", "Fifo|HardLink pipe2",
                "Directory swap/", "RegularFile swap/.wh..wh..opq", "RegularFile swap/new 4",
            ],
            await MembersAsync(sealedId));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Layers_on_each_other_become_one()
    {
        Change("rm -r gone; mkdir gone; echo 1 > gone/1; mkdir own; echo 1 > own/1; echo 1 > own/both; rm keep/f; mv old moved");
        await RestoreAsync(await SealAsync());
        Change("rm gone/1; rm -r own; mkdir own; echo 2 > own/both; echo 2 > keep/f; mv moved/deep deeper; rm -r swap");
        await RestoreAsync(await SealAsync());
        Change("echo 3 > own/3; mkdir swap; touch keep/sub");
        LayerId sealedId = await SealAsync();

        string[] members = await MembersAsync(sealedId);
        Assert.Equal(_driver == LayerDriverKind.Copy ? 3 : 1, (await _store.UppersOfAsync(sealedId)).Count);
        Assert.Equal(members.Distinct(), members);
        string[] needed =
        [
            "Directory gone/", "RegularFile gone/.wh..wh..opq", "RegularFile keep/f 2", "Directory keep/sub/", "RegularFile .wh.old",
            "Directory moved/", "RegularFile moved/.wh..wh..opq", "RegularFile moved/f 6",
            "Directory deeper/", "RegularFile deeper/.wh..wh..opq", "RegularFile deeper/er/f 6", "RegularFile deeper/f 6",
            "Directory own/", "RegularFile own/3 2", "RegularFile own/both 2", "Directory swap/", "RegularFile swap/.wh..wh..opq",
        ];
        Assert.Empty(needed.Except(members));
        Assert.DoesNotContain(members, m => m.Contains("own/1", StringComparison.Ordinal) || m.Contains("moved/deep", StringComparison.Ordinal) || m.EndsWith(" keep/.wh.f", StringComparison.Ordinal));
    }

    private async Task<string[]> MembersAsync(LayerId sealedId)
    {
        IReadOnlyList<string> uppers = await _store.UppersOfAsync(sealedId);
        using OverlayLayers layers = OverlayLayers.OpenReadOnly([.. uppers, _image]);
        using SafeFileHandle root = layers.MountDetached();
        using var output = new MemoryStream();
        await TreeExports.WriteLayerAsync(root, uppers, output, TestContext.Current.CancellationToken);
        output.Position = 0;
        using var tar = new TarReader(output);
        List<string> members = [];
        while (tar.GetNextEntry() is { } entry)
        {
            // Which of two names comes first is the file system's choice.
            string kind = entry.Name.StartsWith("pipe", StringComparison.Ordinal) ? "Fifo|HardLink" : entry.EntryType.ToString();
            members.Add($"{kind} {entry.Name}{(entry.Length > 0 ? $" {entry.Length}" : "")}");
        }

        return [.. members.OrderBy(m => m[(m.IndexOf(' ') + 1)..], StringComparer.Ordinal)];
    }

    private void Change(string script) => Shell.Bash($"cd {_tree.Path}; {script}");

    private async Task<LayerId> SealAsync()
    {
        using SealPreparation prepared = await _store.PrepareSealAsync(_tree.Layer.Id);
        return (await _store.SealAsync(prepared, LayerId.NewSealed())).Id;
    }

    private async Task RestoreAsync(LayerId sealedId) => _tree = Mount(await _store.CreateLiveAsync(LayerId.NewLive(), sealedId));

    private MountedTree Mount(LiveLayer layer)
    {
        var tree = new MountedTree(_directory, layer, _image);
        _opened.Add(tree);
        return tree;
    }
}
