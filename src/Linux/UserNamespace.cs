using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// Makes user namespaces, and network namespaces that belong to one. A process with threads can do neither (unshare(2): CLONE_NEWUSER and setns(2) into a
/// user namespace are for processes with one thread), so util-linux does it in a process of its own that ends with this one.
/// </summary>
public static partial class UserNamespace
{
    // ioctl_nsfs(2), Linux 4.9 and 4.11: _IO(0xb7, 1) and _IO(0xb7, 4).
    private const nuint GetUserNamespace = 0xb701;
    private const nuint GetOwner = 0xb704;

    // Inside, with all capabilities over the namespace: proc(5) asks CAP_SYS_RESOURCE of whoever writes there. Where a security module keeps what unshare starts from
    // it, there is no such bound, and the owner's count is the one that holds.
    private const string Bound =
        "for kind in cgroup ipc mnt net pid time user uts; do echo \"$1\" 2> /dev/null > /proc/sys/user/max_${kind}_namespaces || :; done; exec cat";

    /// <summary>The programs of util-linux, coreutils and the shell that are run.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["setpriv", "unshare", "nsenter", "mount", "sh", "cat"];

    /// <summary>
    /// Makes a user namespace of this process's own user, with a mapping of users and groups. It lives as long as the descriptor, a process in it, or what
    /// belongs to it.
    /// </summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused: user.max_user_namespaces is 0, for one.</exception>
    public static Task<SafeFileHandle> CreateAsync(IReadOnlyList<IdRange> ranges, CancellationToken cancellationToken = default) =>
        MakeAsync(["unshare", "--user", "--", "cat"], ranges, cancellationToken);

    /// <summary>
    /// Makes a user namespace that another user owns. What the kernel counts of a user (namespaces, inotify's instances and watches, message queues, pending signals,
    /// locked memory, processes), it counts of those inside, and all of them together once more of the owner (Linux 4.9 and 5.14, kernel/ucount.c: inc_ucount).
    /// </summary>
    /// <param name="ranges">The mapping. The owner is best not in it.</param>
    /// <param name="owner">
    /// A user of this process's namespace. Its processes outside have all capabilities over the namespace (kernel, security/commoncap.c: cap_capable), so there should be none.
    /// </param>
    /// <param name="mostNamespaces">How many namespaces of each kind a user inside can have, those that it makes in namespaces of its own among them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">As above.</exception>
    public static Task<SafeFileHandle> CreateAsync(
        IReadOnlyList<IdRange> ranges, uint owner, int mostNamespaces, CancellationToken cancellationToken = default) =>
        MakeAsync(
            [
                // CAP_SYS_ADMIN, for hosts that let nobody else make one (kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns).
                "setpriv", "--reuid", Text(owner), "--inh-caps", "+sys_admin", "--ambient-caps", "+sys_admin", "--",
                "unshare", "--user", "--keep-caps", "--", "sh", "-c", Bound, "sh", Text(mostNamespaces),
            ],
            ranges,
            cancellationToken);

    /// <summary>Makes a network namespace that belongs to a user namespace: whoever is root there may use raw sockets and low ports in it.</summary>
    /// <param name="owner">The user namespace. It lives as long as what belongs to it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public static async Task<SafeFileHandle> CreateNetworkAsync(SafeFileHandle owner, CancellationToken cancellationToken = default)
    {
        await using NamespaceHolder holder = await NamespaceHolder.StartAsync(
            "make a network namespace in a user namespace", ["nsenter", $"--user={PathOf(owner)}", "--", "unshare", "--net", "--", "cat"], cancellationToken);
        return Files.Open($"/proc/{holder.Id}/ns/net", OpenFlags.ReadOnly);
    }

    /// <summary>
    /// Tries whether a container could be made in a user namespace: mounts of its own with proc and sysfs. Where this process is in a container itself that covers parts of
    /// them, the kernel lets nobody have a new one who is not root of the first user namespace (fs/namespace.c: mount_too_revealing).
    /// </summary>
    /// <exception cref="IOException">It could not; the text has why.</exception>
    public static async Task TryMountsAsync(SafeFileHandle owner, CancellationToken cancellationToken = default) =>
        await (await NamespaceHolder.StartAsync(
            "mount proc and sysfs in a user namespace",
            [
                "nsenter", $"--user={PathOf(owner)}", "--", "unshare", "--mount", "--net", "--pid", "--fork", "--",
                "sh", "-c", "mount -t proc proc /proc && mount -t sysfs sysfs /sys && exec cat",
            ],
            cancellationToken)).DisposeAsync();

    /// <summary>The user namespace that another namespace belongs to (ioctl_nsfs(2): NS_GET_USERNS).</summary>
    /// <param name="path">A file of the other namespace's.</param>
    /// <exception cref="KernelException">There is no namespace.</exception>
    public static SafeFileHandle Of(string path)
    {
        using SafeFileHandle other = Files.Open(path, OpenFlags.ReadOnly);
        int descriptor = Ioctl(other, GetUserNamespace, 0);
        return descriptor < 0 ? throw KernelException.Last("find the user namespace of", path) : Descriptors.Own(descriptor);
    }

    /// <summary>The user who owns a user namespace, as this process's own sees it (ioctl_nsfs(2): NS_GET_OWNER_UID).</summary>
    /// <exception cref="KernelException">It is no user namespace.</exception>
    public static uint OwnerOf(SafeFileHandle userNamespace)
    {
        Span<uint> owner = stackalloc uint[1];
        return Ioctl(userNamespace, GetOwner, owner) < 0 ? throw KernelException.Last("find the owner of", userNamespace, default) : owner[0];
    }

    /// <summary>A path by which another process of root's can open a descriptor of this one while it is open here.</summary>
    public static string PathOf(SafeFileHandle handle) => $"/proc/{Environment.ProcessId}/fd/{Descriptors.Number(handle)}";

    /// <summary>The mapping of a process's user namespace; that of all ids to themselves where it has none of its own.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    public static IReadOnlyList<IdRange> MapOf(int processId) => IdRange.Parse(File.ReadAllText($"/proc/{processId}/uid_map"));

    private static async Task<SafeFileHandle> MakeAsync(string[] command, IReadOnlyList<IdRange> ranges, CancellationToken cancellationToken)
    {
        await using NamespaceHolder holder = await NamespaceHolder.StartAsync("make a user namespace", command, cancellationToken);
        string map = string.Join('\n', ranges) + "\n";
        File.WriteAllText($"/proc/{holder.Id}/uid_map", map);
        File.WriteAllText($"/proc/{holder.Id}/gid_map", map);
        return Files.Open($"/proc/{holder.Id}/ns/user", OpenFlags.ReadOnly);
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, Span<uint> argument);
}
