using System.Globalization;

namespace Sleigh.Runtime.Proc;

/// <summary>What stays the same on the host while it runs, read once, and its uptime.</summary>
internal sealed class HostProc
{
    private readonly Lazy<string> _cpuInfo;
    private readonly Lazy<string> _bootTime;
    private readonly Func<string> _uptime;

    /// <param name="read">Reads a file of /proc by its name.</param>
    public HostProc(Func<string, string> read)
    {
        _cpuInfo = new Lazy<string>(() => read("cpuinfo"));
        _bootTime = new Lazy<string>(() => ProcText.BootTime(read("stat")));
        _uptime = () => read("uptime");
    }

    /// <summary>Of the kernel that runs.</summary>
    public static HostProc OfKernel() => new(name => File.ReadAllText($"/proc/{name}"));

    public string CpuInfo => _cpuInfo.Value;

    /// <summary>The line <c>btime</c> of /proc/stat.</summary>
    public string BootTime => _bootTime.Value;

    /// <summary>Since the boot, time asleep included.</summary>
    /// <exception cref="FormatException">It is no time.</exception>
    public TimeSpan Uptime()
    {
        string text = _uptime();
        return double.TryParse(text.Split(' ')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds)
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"'{text}' does not begin with an uptime");
    }
}
