using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>The small files that the copying drivers keep beside a layer's <c>upper/</c>.</summary>
internal sealed class LayerNotes(LayerDirectory layers)
{
    /// <summary>The sealed layers this one stands on, uppermost first, one per line.</summary>
    private const string Lowers = "lowers";

    /// <summary>Of a live layer: the sealed layer that was made of it last.</summary>
    private const string LastSealed = "last-sealed";

    /// <summary>Of a sealed layer: see <see cref="SealIndex"/>.</summary>
    private const string Index = "index";

    /// <summary>Of a sealed layer: nobody wants it any more, but others may stand on it.</summary>
    private const string Deleted = "deleted";

    public void WriteLowers(string name, IReadOnlyList<LayerId> lowers) =>
        File.WriteAllLines($"{layers.Path}/{name}/{Lowers}", lowers.Select(id => id.ToString()));

    /// <summary>Empty, too, if the layer was buried meanwhile: whoever looks at all layers does not hold them.</summary>
    public IReadOnlyList<LayerId> ReadLowers(LayerId id)
    {
        try
        {
            return [.. File.ReadAllLines($"{layers.PathOf(id)}/{Lowers}").Select(LayerId.Parse)];
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    public void WriteLastSealed(LayerId live, LayerId last)
    {
        string file = $"{layers.PathOf(live)}/{LastSealed}";
        File.WriteAllText($"{file}.new", last.ToString());
        File.Move($"{file}.new", file, overwrite: true);
    }

    public LayerId? ReadLastSealed(LayerId live)
    {
        string file = $"{layers.PathOf(live)}/{LastSealed}";
        return File.Exists(file) ? LayerId.Parse(File.ReadAllText(file)) : null;
    }

    public void WriteIndex(string name, SealIndex index)
    {
        using FileStream stream = File.Create($"{layers.Path}/{name}/{Index}");
        index.Write(stream);
    }

    /// <summary>Null if the layer was buried meanwhile.</summary>
    public SealIndex? ReadIndex(LayerId id)
    {
        try
        {
            using FileStream stream = File.OpenRead($"{layers.PathOf(id)}/{Index}");
            return SealIndex.Read(stream);
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public void MarkDeleted(LayerId id)
    {
        using SafeFileHandle marker = Files.Open(
            layers.Handle, $"{id}/{Deleted}", OpenFlags.WriteOnly | OpenFlags.Create, 0x180); // 0600
    }

    public bool IsDeleted(LayerId id) => File.Exists($"{layers.PathOf(id)}/{Deleted}");
}
