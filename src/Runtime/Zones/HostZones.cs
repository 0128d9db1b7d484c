using Sleigh.Overlay;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>Finds directories of the zones for those who mount or copy them. Settings are read at each use.</summary>
internal sealed class HostZones : IZones
{
    private const string NoteName = "env_readme.md";
    private const int MaxNoteBytes = 64 * 1024;

    // What lies on a file server that does not answer is as good as missing; the thread that waits for it cannot be helped.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly LiveOptions _options;

    public HostZones(LiveOptions options) => _options = options;

    /// <inheritdoc/>
    public async Task<ZoneListing> ListAsync(ZoneKind zone)
    {
        string root = RootOf(zone);
        try
        {
            return await InTimeAsync(() => List(zone, root));
        }
        catch (IOException e)
        {
            throw Unavailable(zone, "it cannot be read on the host", e);
        }
    }

    /// <summary>Opens a directory of a zone, links inside the zone followed.</summary>
    /// <param name="zone">Which.</param>
    /// <param name="field">The field that named it, for the error.</param>
    /// <param name="path">From the zone's root on, cleaned.</param>
    /// <exception cref="RuntimeException">With the texts of the contract.</exception>
    public async Task<(HostDirectory Directory, string HostPath)> OpenAsync(ZoneKind zone, string field, string path)
    {
        string root = RootOf(zone);
        try
        {
            HostDirectory found = await InTimeAsync(() => HostDirectory.Open(root, path));
            return (found, Join(root, found.RelativePath));
        }
        catch (HostPathException e)
        {
            throw Explain(zone, field, e);
        }
        catch (IOException e)
        {
            throw Unavailable(zone, "the directory cannot be read on the host", e);
        }
    }

    /// <summary>Opens again what was mounted before.</summary>
    /// <exception cref="IOException">It is not there, or not below the root that is set now.</exception>
    public async Task<HostDirectory> ReopenAsync(string hostPath)
    {
        string root = _options.Now.Mounts.Root ?? throw new IOException("mounts.root is not set");
        string prefix = root.TrimEnd('/');
        if (hostPath != root && !hostPath.StartsWith(prefix + "/", StringComparison.Ordinal))
        {
            throw new IOException($"'{hostPath}' is not below mounts.root, which is {root} now");
        }

        return await InTimeAsync(() => HostDirectory.Open(root, hostPath.Length > prefix.Length ? hostPath[(prefix.Length + 1)..] : ""));
    }

    /// <summary>
    /// Whether the operator allows writing in a directory of the mount zone. Both sides are compared without links: a link in a
    /// writable place opens nothing else.
    /// </summary>
    public async Task<bool> AllowsWritingAsync(HostDirectory directory)
    {
        MountsOptions mounts = _options.Now.Mounts;
        foreach (string allowed in mounts.Root is null ? [] : mounts.RwPaths)
        {
            try
            {
                using HostDirectory place = await InTimeAsync(() => HostDirectory.Open(mounts.Root!, allowed == "." ? "" : allowed));
                if (IsAtOrUnder(directory.RelativePath, place.RelativePath))
                {
                    return true;
                }
            }
            catch (IOException)
            {
                // What is not there allows nothing.
            }
        }

        return false;
    }

    /// <summary>Whether one path of a zone is at or under another, by whole parts; the empty one is the root.</summary>
    internal static bool IsAtOrUnder(string path, string place) =>
        place.Length == 0 || path == place || path.StartsWith(place + "/", StringComparison.Ordinal);

    private static ZoneListing List(ZoneKind zone, string root)
    {
        IReadOnlyList<ZoneFolder> folders = ZoneFolder.List(
            root, IZones.MostEntries, zone == ZoneKind.Environments ? NoteName : null, MaxNoteBytes, out int omitted);
        return new ZoneListing(root, [.. folders.Select(Entry)], omitted);
    }

    private static ZoneEntry Entry(ZoneFolder folder)
    {
        (string? text, bool isCut) = folder.Note is null ? (null, false) : NoteText.Of(folder.Note);
        return new ZoneEntry("/" + folder.Name, text, isCut);
    }

    private string RootOf(ZoneKind zone) =>
        (zone == ZoneKind.Mounts ? _options.Now.Mounts.Root : _options.Now.Environments.Root) ?? throw Unavailable(zone, "it is not set", null);

    private static string Join(string root, string relative) => relative.Length == 0 ? root : $"{root.TrimEnd('/')}/{relative}";

    private static async Task<T> InTimeAsync<T>(Func<T> look)
    {
        Task<T> looking = Task.Run(look);
        try
        {
            return await looking.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _ = looking.ContinueWith(late => (late.Result as IDisposable)?.Dispose(), TaskContinuationOptions.OnlyOnRanToCompletion);
            throw new IOException($"the host's file system did not answer within {Patience.TotalSeconds:0} s");
        }
    }

    private static RuntimeException Explain(ZoneKind zone, string field, HostPathException e) => (e.Failure, zone) switch
    {
        (HostPathFailure.NoRoot, _) => Unavailable(zone, "that folder is missing on the host", e),
        (HostPathFailure.Outside, _) => NotAllowed(field, $"{field} is outside allowed host root", e),
        (HostPathFailure.NotFound, ZoneKind.Mounts) => Missing("host mount path does not exist (missing directory; server will not auto-create): resource not found", e),
        (HostPathFailure.NotFound, _) => Missing("environment host path does not exist (missing directory; server will not auto-create): resource not found", e),
        (_, ZoneKind.Mounts) => NotAllowed(field, "host mount path must be an existing directory: bad request", e),
        _ => NotAllowed(field, "environment host path must be an existing directory", e),
    };

    private static RuntimeException Missing(string message, Exception cause) => new(ErrorKind.HostPathNotFound, message, cause)
    {
        Hint = "list what there is with GET /mounts/workspaces or GET /environments/workspaces",
    };

    private static RuntimeException NotAllowed(string field, string message, Exception cause) => new(ErrorKind.PathNotAllowed, message, cause)
    {
        Details = new Dictionary<string, object> { ["field"] = field },
    };

    private static RuntimeException Unavailable(ZoneKind zone, string why, Exception? cause)
    {
        (string name, string key) = zone == ZoneKind.Mounts ? ("mount", "mounts.root") : ("environment", "environments.root");
        return new RuntimeException(ErrorKind.ZoneUnavailable, $"the {name} zone is not available: {why}", cause)
        {
            Hint = $"the operator sets it with {key}",
        };
    }
}
