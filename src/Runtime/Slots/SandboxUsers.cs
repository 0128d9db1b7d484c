using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// The user namespace of the sandboxes: one for all that this run of the daemon makes, with one range of users that is the same for ever, so that
/// nothing has to be given out, remembered or given back. Sandboxes are kept apart by all else; this is the wall to the host.
/// </summary>
internal sealed class SandboxUsers : IDisposable
{
    private static readonly Version OverlayTakesMapped = new(5, 19);

    private readonly Lazy<OwnerMap> _layers = new(() => OwnerMap.Create(Range), LazyThreadSafetyMode.PublicationOnly);
    private readonly SafeFileHandle? _namespace;

    private SandboxUsers(SafeFileHandle? userNamespace) => _namespace = userNamespace;

    /// <summary>
    /// The upper half of all ids, which no distribution and no container tool gives out (systemd's list of uid ranges ends at 2147483647). All ids that
    /// files of images have in practice, and sleigh-init's own, are inside; the last ones mean something else to the kernel.
    /// </summary>
    public static IdRange Range { get; } = new(0, 2_147_483_648, 2_147_483_645);

    /// <summary>sleigh-init's user, as its main.c has it; in a user namespace it is moved with all others.</summary>
    public const uint Init = 2_147_000_001;

    /// <summary>As whom the host's root shows inside (the kernel's overflow uid).</summary>
    public static string HostInside => HostText.Of("/proc/sys/kernel/overflowuid") ?? "65534";

    /// <summary>The namespace; null: the setting is off, and containers have the host's users.</summary>
    public SafeFileHandle? Namespace => _namespace;

    /// <summary>The same for the container runtime.</summary>
    public string? Path => _namespace is null ? null : UserNamespace.PathOf(_namespace);

    /// <summary>How owners show in containers that are made now.</summary>
    public TreeOwners Owners => _namespace is null ? default : new TreeOwners(Range.Outside, Range.Count);

    /// <summary>Makes the namespace where the setting asks for it.</summary>
    /// <exception cref="StartException">This host cannot; the text says what is missing.</exception>
    public static SandboxUsers Open(SleighOptions options, string skeleton)
    {
        if (!options.Sandbox.UserNamespace)
        {
            return new SandboxUsers(null);
        }

        SandboxUsers? users = null;
        try
        {
            users = new SandboxUsers(UserNamespace.Create([Range]));
            return Lacks(users._layers.Value, options, skeleton) is string lack ? throw new IOException(lack) : users;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            users?.Dispose();
            throw new StartException(
                StartFailureKind.Host, $"sandbox.user_namespace is true, and this host cannot do it: {e.Message}; set it to false, or see sleighctl doctor", e);
        }
    }

    /// <summary>Tries on this host what sandboxes with a user namespace need; null: it can be had.</summary>
    public static string? Lacks(SleighOptions options)
    {
        try
        {
            using OwnerMap layers = OwnerMap.Create(Range);
            string skeleton = System.IO.Path.Combine(options.StateDir, "skeleton");
            return Lacks(layers, options, Directory.Exists(skeleton) ? skeleton : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>What keeps trees from being mounted with other owners here; null: nothing.</summary>
    /// <param name="layers">The mapping.</param>
    /// <param name="options">Where the layers are.</param>
    /// <param name="skeleton">The root of all slots; null: it is not looked at.</param>
    private static string? Lacks(OwnerMap layers, SleighOptions options, string? skeleton)
    {
        if (Environment.OSVersion.Version < OverlayTakesMapped)
        {
            return $"overlayfs takes idmapped layers from Linux {OverlayTakesMapped} on, and this is {Environment.OSVersion.Version}";
        }

        string[] directories = [.. new[] { options.DataDir, ContainerdPlace.Of(options).IsPrivate ? ContainerdPlace.Root(options) : "/var/lib/containerd" }.Where(Directory.Exists)];
        if (directories.FirstOrDefault(directory => !layers.CanApply(directory)) is string poor)
        {
            return $"the filesystem of {poor} has no idmapped mounts on this kernel";
        }

        // The container runtime looks it up as root of the namespace, which is nobody to the host's directories.
        for (string? at = skeleton; at is not null; at = System.IO.Path.GetDirectoryName(at))
        {
            if ((File.GetUnixFileMode(at) & UnixFileMode.OtherExecute) == 0)
            {
                return $"{at}, on the way to state_dir's skeleton, cannot be entered by other users; chmod o+x {at}";
            }
        }

        return null;
    }

    /// <summary>How trees for a container are mounted, by what the kernel says of it; null: its users are the host's.</summary>
    /// <exception cref="IOException">The process is gone, or has a mapping that is not ours.</exception>
    public OwnerMap? MapOf(int processId) => UserNamespace.MapOf(processId) switch
    {
        [var range] when range == Range => _layers.Value,
        [{ Inside: 0, Outside: 0 }] => null,
        var other => throw new IOException($"process {processId} has another mapping of users than ours: {string.Join("; ", other)}"),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_layers.IsValueCreated)
        {
            _layers.Value.Dispose();
        }

        _namespace?.Dispose();
    }
}
