namespace Sleigh.Cli.Top;

/// <summary>What the table of <c>top</c> is sorted by; the largest first, names from A to Z.</summary>
internal enum TopSort
{
    /// <summary>Memory used.</summary>
    Memory,

    /// <summary>CPU since the sample before.</summary>
    Cpu,

    /// <summary>Running commands.</summary>
    Execs,

    /// <summary>Name, else id.</summary>
    Name,
}
