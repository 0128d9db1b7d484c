namespace Sleigh.Linux;

/// <summary>How a path may be walked: openat2(2), Linux 5.6.</summary>
[Flags]
public enum ResolveFlags
{
    /// <summary>As open(2) does.</summary>
    None = 0,

    /// <summary>Do not enter another mount (EXDEV).</summary>
    NoCrossDevice = 0x01,

    /// <summary>Do not follow /proc's magic links (ELOOP).</summary>
    NoMagicLinks = 0x02,

    /// <summary>Follow no symbolic link at all (ELOOP).</summary>
    NoSymlinks = 0x04,

    /// <summary>Do not leave the directory (EXDEV).</summary>
    Beneath = 0x08,

    /// <summary>Take the directory for the root: absolute links and <c>..</c> end there.</summary>
    InRoot = 0x10,
}
