using Sleigh.Cgroups;

namespace Sleigh.Runtime;

/// <summary>Reads <see cref="HostFigures"/>.</summary>
/// <param name="proc">Where the kernel's files lie, <c>/proc</c>.</param>
internal sealed class HostGauge(string proc)
{
    /// <summary>Reads them now.</summary>
    /// <exception cref="FormatException">A file that every kernel has is not as it must be.</exception>
    public HostFigures Read()
    {
        MemoryInfo memory = MemoryInfo.Parse(File.ReadAllText(Path.Combine(proc, "meminfo")));
        return new HostFigures
        {
            TotalBytes = memory.TotalBytes,
            AvailableBytes = memory.AvailableBytes,
            SwapTotalBytes = memory.SwapTotalBytes,
            SwapFreeBytes = memory.SwapFreeBytes,
            Pressure = ReadPressure(Path.Combine(proc, "pressure", "memory")),
            Load = LoadAverage.Parse(File.ReadAllText(Path.Combine(proc, "loadavg"))),
        };
    }

    private static Pressure ReadPressure(string path)
    {
        try
        {
            return File.Exists(path) ? Pressure.Parse(File.ReadAllText(path)) : default;
        }
        catch (IOException)
        {
            // EOPNOTSUPP: PSI is switched off at boot (psi=0).
            return default;
        }
    }
}
