namespace Sleigh.Runtime.Memory;

/// <summary>What was decided about the limits of sandboxes, for whoever explains the end of a command.</summary>
internal interface IGrowthHistory
{
    /// <summary>The growth of a sandbox in a time, and its limits now; also of one that is being deleted. Reads no file.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="from">The first moment that counts.</param>
    /// <param name="to">The last moment that counts.</param>
    GrowthSpan Of(SandboxEntry sandbox, DateTimeOffset from, DateTimeOffset to);
}
