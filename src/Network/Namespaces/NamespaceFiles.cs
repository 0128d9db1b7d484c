using System.Net;
using Sleigh.Linux;
using Sleigh.Network.Cni;

namespace Sleigh.Network;

/// <summary>
/// What is written down of the namespaces. A namespace's file is made before anything else and removed after all else, so every one that may have
/// left something somewhere is listed.
/// </summary>
internal sealed class NamespaceFiles
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _directory;

    public NamespaceFiles(string directory) => _directory = directory;

    /// <summary>The router's file.</summary>
    public string Router => Path.Combine(_directory, "router");

    /// <summary>Where host-local keeps which addresses are taken.</summary>
    public string Addresses => Path.Combine(_directory, "addresses");

    /// <summary>Which interfaces of the host were switched to forwarding.</summary>
    public string Forwarding => Path.Combine(_directory, "forwarding");

    /// <summary>What programs hold, and those of earlier runs (<see cref="ProgramHold"/>).</summary>
    public string Programs => Path.Combine(_directory, "programs");

    private string Namespaces => Path.Combine(_directory, "namespaces");

    private string Results => Path.Combine(_directory, "results");

    /// <summary>Makes the directories.</summary>
    public void Prepare()
    {
        foreach (string directory in (string[])[_directory, Namespaces, Results, Addresses, Programs])
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
    }

    /// <summary>A namespace's file.</summary>
    public string PathOf(NamespaceName name) => Path.Combine(Namespaces, name.ToString());

    /// <summary>All that are written down.</summary>
    public IReadOnlyList<NamespaceName> List() => !Directory.Exists(Namespaces)
        ? []
        : [.. Directory.GetFiles(Namespaces).Select(Path.GetFileName).Where(f => NamespaceName.TryParse(f, out _)).Select(f => NamespaceName.Parse(f!))];

    /// <summary>Makes the file of a namespace, or the router's, if it is not there.</summary>
    public static void Touch(string file)
    {
        // The file of a namespace cannot be opened for writing.
        if (!File.Exists(file))
        {
            File.Create(file).Dispose();
        }
    }

    /// <summary>Takes the namespace off its file and removes the file.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static void Remove(string file)
    {
        // Several may lie on each other if somebody else has mounted there.
        while (NetworkNamespace.IsMountedAt(file))
        {
            Mounts.Unmount(file, detach: true);
        }

        File.Delete(file);
    }

    /// <summary>Keeps what the ADD gave, for the DEL (CNI specification 1.0.0, section 2: a runtime must cache it).</summary>
    public void PutResult(NamespaceName name, CniResult result)
    {
        string file = ResultOf(name);
        File.WriteAllText(file + ".new", result.Json.ToJsonString());
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>What the ADD gave; null where it did not come to its end.</summary>
    public CniResult? FindResult(NamespaceName name)
    {
        try
        {
            return File.Exists(ResultOf(name)) ? CniResult.Parse(File.ReadAllText(ResultOf(name))) : null;
        }
        catch (FormatException)
        {
            // Nothing that we wrote: as if it were not there.
            return null;
        }
    }

    /// <summary>Forgets the result.</summary>
    public void RemoveResult(NamespaceName name)
    {
        File.Delete(ResultOf(name) + ".new");
        File.Delete(ResultOf(name));
    }

    /// <summary>Container ids that hold an address: host-local has a file for each address, with the id in its first line.</summary>
    public IReadOnlyList<string> AddressHolders(string network)
    {
        string directory = Path.Combine(Addresses, network);
        return !Directory.Exists(directory)
            ? []
            :
            [
                .. Directory.GetFiles(directory).Where(f => IPAddress.TryParse(Path.GetFileName(f), out _))
                    .Select(f => File.ReadLines(f).FirstOrDefault()?.Trim()).OfType<string>().Where(id => id.Length > 0).Distinct(),
            ];
    }

    private string ResultOf(NamespaceName name) => Path.Combine(Results, name + ".json");
}
