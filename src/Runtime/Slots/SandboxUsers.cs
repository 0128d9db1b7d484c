using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// The user namespaces of the sandboxes: one for each slot, all with one range of users that is the same for ever, so that nothing has to be given out,
/// remembered or given back. They are the wall to the host; and what the kernel counts of a user it counts of each slot by itself.
/// </summary>
internal sealed partial class SandboxUsers : IDisposable
{
    // In the namespace itself nothing may write there: it takes CAP_SYS_RESOURCE, and /proc/sys is read-only.
    private const int MostNamespaces = 4096;

    private static readonly Version OverlayTakesMapped = new(5, 19);

    private readonly Lazy<OwnerMap> _layers = new(() => OwnerMap.Create(Range), LazyThreadSafetyMode.PublicationOnly);

    private SandboxUsers(bool isOn) => IsOn = isOn;

    /// <summary>
    /// The upper half of all ids, which no distribution and no container tool gives out (systemd's list of uid ranges ends at 2147483647). All ids that
    /// files of images have in practice, and sleigh-init's own, are inside; the last ones mean something else to the kernel.
    /// </summary>
    public static IdRange Range { get; } = new(0, 2_147_483_648, 2_147_483_645);

    /// <summary>
    /// The owners of the namespaces, drawn anew for each: above what distributions, directory services (up to 2000200000) and container tools give out, below
    /// sleigh-init's own and below <see cref="Range"/>. Nobody runs as one, no file belongs to one, and a slot alone has its own but for one case in 67 million.
    /// </summary>
    public static IdRange OwnersOutside { get; } = new(0, 2_013_265_920, 1 << 26);

    /// <summary>sleigh-init's user, as its main.c has it; in a user namespace it is moved with all others.</summary>
    public const uint Init = 2_147_000_001;

    /// <summary>As whom the host's root shows inside (the kernel's overflow uid).</summary>
    public static string HostInside => HostText.Of("/proc/sys/kernel/overflowuid") ?? "65534";

    /// <summary>Whether containers are made with one now; else they have the host's users.</summary>
    public bool IsOn { get; }

    /// <summary>How owners show in containers that are made now.</summary>
    public TreeOwners Owners => IsOn ? new TreeOwners(Range.Outside, Range.Count) : default;

    /// <summary>Looks whether this host can do it, where the setting asks for it. Where it only may, and this host cannot, the log says why.</summary>
    /// <exception cref="StartException">This host cannot, and must; the text says what is missing.</exception>
    public static async Task<SandboxUsers> OpenAsync(SleighOptions options, string skeleton, ILogger logger, CancellationToken cancellationToken)
    {
        UserNamespaceUse wanted = options.Sandbox.UserNamespace;
        string? lack = wanted == UserNamespaceUse.False ? null : await LacksAsync(options, skeleton, cancellationToken);
        if (lack is not null && wanted == UserNamespaceUse.True)
        {
            throw new StartException(
                StartFailureKind.Host, $"sandbox.user_namespace is true, and this host cannot do it: {lack}; set it to auto or false, or see sleighctl doctor");
        }

        if (lack is not null)
        {
            GoesWithout(logger, lack);
        }

        return new SandboxUsers(wanted != UserNamespaceUse.False && lack is null);
    }

    /// <summary>Tries on this host what sandboxes with a user namespace need; null: it can be had.</summary>
    public static Task<string?> LacksAsync(SleighOptions options, CancellationToken cancellationToken)
    {
        string skeleton = Path.Combine(options.StateDir, "skeleton");
        return LacksAsync(options, Directory.Exists(skeleton) ? skeleton : null, cancellationToken);
    }

    /// <summary>Makes a namespace for a slot.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static Task<SafeFileHandle> CreateAsync(CancellationToken cancellationToken) => UserNamespace.CreateAsync(
        [Range], OwnersOutside.Outside + (uint)RandomNumberGenerator.GetInt32((int)OwnersOutside.Count), MostNamespaces, cancellationToken);

    /// <summary>The namespace for a slot: that to which its network belongs already, or a new one. Null where they are off.</summary>
    /// <param name="network">The file of the slot's network namespace; null: it has none ahead.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public async Task<SafeFileHandle?> ForAsync(string? network, CancellationToken cancellationToken) =>
        !IsOn ? null : network is null ? await CreateAsync(cancellationToken) : UserNamespace.Of(network);

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
    }

    /// <param name="options">Where layers and images lie.</param>
    /// <param name="skeleton">The root of all slots; null: it is not looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private static async Task<string?> LacksAsync(SleighOptions options, string? skeleton, CancellationToken cancellationToken)
    {
        try
        {
            using (SafeFileHandle users = await CreateAsync(cancellationToken))
            {
                await UserNamespace.TryMountsAsync(users, cancellationToken);
            }

            using OwnerMap layers = OwnerMap.Create(Range);
            return Environment.OSVersion.Version < OverlayTakesMapped
                ? string.Create(CultureInfo.InvariantCulture, $"overlayfs takes idmapped layers from Linux {OverlayTakesMapped} on, and this is {Environment.OSVersion.Version}")
                : Places(options).FirstOrDefault(directory => !layers.CanApply(directory)) is string poor ? $"the filesystem of {poor} has no idmapped mounts on this kernel"
                : Mounts(options) is string mounts && !layers.CanApply(mounts, recursive: true) ? $"a filesystem at or below mounts.root, {mounts}, has no idmapped mounts on this kernel"
                : skeleton is not null && Closed(skeleton) is string closed ? $"{closed}, on the way to state_dir's skeleton, cannot be entered by other users; chmod o+x {closed}"
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    // A pool that is not mounted yet is left out: it is a btrfs, which has had them longer than overlayfs has taken them.
    private static IEnumerable<string> Places(SleighOptions options)
    {
        string images = ContainerdPlace.Of(options).IsPrivate ? ContainerdPlace.Root(options) : "/var/lib/containerd";
        return new[] { StorageChecks.LayersNow(options), StorageChecks.Nearest(images) }.OfType<string>();
    }

    // Who wants user namespaces in any case is refused the mounts that cannot be had; for who has not said so, mounts that may come from NFS are worth more.
    private static string? Mounts(SleighOptions options) =>
        options.Sandbox.UserNamespace == UserNamespaceUse.Auto && Directory.Exists(options.Mounts.Root) ? options.Mounts.Root : null;

    // The container runtime looks the skeleton up as root of the namespace, which is nobody to the host's directories.
    private static string? Closed(string skeleton)
    {
        for (string? at = skeleton; at is not null; at = Path.GetDirectoryName(at))
        {
            if ((File.GetUnixFileMode(at) & UnixFileMode.OtherExecute) == 0)
            {
                return at;
            }
        }

        return null;
    }

    [LoggerMessage(EventId = 1212, EventName = "park", Level = LogLevel.Warning, Message = "Sandboxes have no user namespace, so root inside is user 0 of this host, which cannot give them: {Reason}")]
    private static partial void GoesWithout(ILogger logger, string reason);
}
