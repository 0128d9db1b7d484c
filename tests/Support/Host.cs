namespace Sleigh.TestSupport;

/// <summary>Facts of the machine the tests run on.</summary>
public static class Host
{
    /// <summary>The top folder of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The static PID 1 that <c>make build</c> leaves in the artifacts folder.</summary>
    public static string InitBinary => Path.Combine(Repository, "artifacts", "sleigh-init");

    /// <summary>The daemon in the form that users get, left there by <c>make build</c> too.</summary>
    public static string DaemonBinary => Path.Combine(Repository, "artifacts", "sleighd", "sleighd");

    /// <summary>The command line, in the form that users get.</summary>
    public static string CtlBinary => Path.Combine(Repository, "artifacts", "sleighctl", "sleighctl");

    public static bool Has(Need need) => need switch
    {
        Need.Root => Environment.IsPrivilegedProcess,
        Need.Overlay => KnowsFilesystem("overlay"),
        Need.Btrfs => KnowsFilesystem("btrfs") && OnPath("mkfs.btrfs"),
        Need.Xfs => KnowsFilesystem("xfs") && OnPath("mkfs.xfs"),
        Need.LoopDevices => File.Exists("/dev/loop-control"),
        Need.CgroupV2 => File.ReadAllText("/proc/mounts").Contains(" cgroup2 ", StringComparison.Ordinal),
        Need.Containerd => OnPath("containerd"),
        Need.Runc => OnPath("runc"),
        Need.InitBinary => File.Exists(InitBinary) && File.Exists(DaemonBinary),
        Need.Mmdebstrap => OnPath("mmdebstrap"),
        Need.ContainerdProtos => Directory.Exists("/usr/share/gocode/src/github.com/containerd/containerd/api"),
        Need.Networking => OnPath("nft") && OnPath("ip") && OnPath("nsenter") && File.Exists("/usr/lib/cni/bridge"),
        Need.DockerRegistry => OnPath("docker-registry"),
        Need.Skopeo => OnPath("skopeo") && OnPath("zstd"),
        Need.PackageTools => OnPath("dh") && OnPath("lintian") && OnPath("man"),
        // Its image is made by root with mmdebstrap.
        Need.VirtualMachine => Environment.IsPrivilegedProcess && OnPath("mmdebstrap") && OnPath("qemu-system-x86_64"),
        _ => throw new ArgumentOutOfRangeException(nameof(need), need, "unknown need"),
    };

    private static bool KnowsFilesystem(string name) =>
        File.ReadLines("/proc/filesystems").Any(line => line.EndsWith(name, StringComparison.Ordinal));

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin")
        .Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string FindRepository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sleigh.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Sleigh.slnx above {AppContext.BaseDirectory}");
    }
}
