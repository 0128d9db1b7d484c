using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Sleigh.Daemon.Configuration;

/// <summary>Reads the texts of single values. Each says by its result whether the text keeps the rule.</summary>
internal static partial class SettingText
{
    // sun_path holds 108 bytes, one of them the closing zero.
    internal const int MaxSocketPath = 107;

    private static readonly HashSet<string> KnownCapabilities =
    [
        .. ("AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID "
            + "IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW "
            + "PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO "
            + "SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM").Split(' '),
    ];

    internal static bool Flag(string text, out bool value)
    {
        value = text is "true";
        return text is "true" or "false";
    }

    internal static bool Number(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    /// <summary>An absolute path without <c>.</c> and <c>..</c>; a closing slash is dropped.</summary>
    internal static bool AbsolutePath(string text, out string path)
    {
        path = text.Length > 1 ? text.TrimEnd('/') : text;
        return path.StartsWith('/') && !text.Contains('\0', StringComparison.Ordinal) && !path.Split('/').Any(part => part is "." or "..");
    }

    internal static bool SocketPath(string text, out string path) =>
        AbsolutePath(text, out path) && path.Length > 1 && Encoding.UTF8.GetByteCount(path) <= MaxSocketPath;

    /// <summary>A path below some root: a leading slash is dropped, <c>.</c> is the root itself.</summary>
    internal static bool RelativePath(string text, out string path)
    {
        path = text.Trim('/');
        path = path.Length == 0 && text.Length > 0 ? "." : path;
        return path.Length > 0 && !text.Contains('\0', StringComparison.Ordinal)
            && (path == "." || !path.Split('/').Any(part => part is "" or "." or ".."));
    }

    internal static bool CgroupPath(string text, out string path) =>
        RelativePath(text, out path) && path != "." && CgroupPathPattern().IsMatch(path);

    internal static bool ProgramName(string text, out string program)
    {
        program = text;
        return text.StartsWith('/') ? AbsolutePath(text, out program) : ProgramPattern().IsMatch(text);
    }

    internal static bool Word(string text, out string word)
    {
        word = text;
        return text.Length is > 0 and <= 255 && text.All(c => c is > ' ' and < (char)0x7f);
    }

    internal static bool HostName(string text, out string host)
    {
        host = text;
        return Word(text, out _) && text.AsSpan().IndexOfAny("/@,*") < 0;
    }

    /// <summary>A DNS name, in lower case.</summary>
    internal static bool DomainName(string text, out string domain)
    {
        domain = text.ToLowerInvariant();
        return domain.Length <= 200 && DomainPattern().IsMatch(domain);
    }

    internal static bool ImageName(string text, out string name)
    {
        name = text;
        return Containerd.ImageName.TryParse(text, null, out _);
    }

    /// <summary>A registry's host as it stands in image names, in lower case; Docker Hub's other name becomes its own.</summary>
    internal static bool RegistryHost(string text, out string host)
    {
        host = text.ToLowerInvariant();
        host = host == "index.docker.io" ? "docker.io" : host;
        return RegistryHostPattern().IsMatch(host) && Containerd.ImageName.TryParse($"{host}/a", null, out Containerd.ImageName? name) && name.Domain == host;
    }

    /// <summary>The address of a registry: a scheme and a host, and perhaps a port and a path.</summary>
    internal static bool Mirror(string text, out Uri address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address!) && address.Scheme is "http" or "https" && address.Host.Length > 0
        && address.UserInfo.Length == 0 && address.Query.Length == 0 && address.Fragment.Length == 0;

    internal static bool GroupName(string text, out string group)
    {
        group = text;
        return GroupPattern().IsMatch(text);
    }

    internal static bool Secret(string text, out string? secret)
    {
        secret = text;
        return text.Length is > 0 and <= 1024 && text.All(c => c is > ' ' and < (char)0x7f);
    }

    internal static bool Origin(string text, out string origin)
    {
        bool ok = Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0;
        origin = ok ? uri!.GetLeftPart(UriPartial.Authority) : text;
        return ok && origin.Equals(text.TrimEnd('/'), StringComparison.OrdinalIgnoreCase);
    }

    internal static bool WebAddress(string text, out Uri? address) =>
        Uri.TryCreate(text, UriKind.Absolute, out address) && address.Scheme is "http" or "https" && address.Host.Length > 0;

    internal static bool Network(string text, out IPNetwork network) => IPNetwork.TryParse(text, out network);

    /// <summary>A capability name, with or without <c>CAP_</c>, in any case; as <c>CAP_</c> name in capitals.</summary>
    internal static bool Capability(string text, out string name)
    {
        string bare = text.ToUpperInvariant();
        bare = bare.StartsWith("CAP_", StringComparison.Ordinal) ? bare[4..] : bare;
        name = "CAP_" + bare;
        return KnownCapabilities.Contains(bare);
    }

    [GeneratedRegex("^[A-Za-z0-9_.:@/\\\\-]{1,255}$", RegexOptions.CultureInvariant)]
    private static partial Regex CgroupPathPattern();

    [GeneratedRegex("^[A-Za-z0-9_.+-]{1,100}$", RegexOptions.CultureInvariant)]
    private static partial Regex ProgramPattern();

    [GeneratedRegex(@"^[a-z0-9.-]{1,253}(:[0-9]{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex RegistryHostPattern();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex DomainPattern();

    [GeneratedRegex("^[a-z_][a-z0-9_-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex GroupPattern();
}
