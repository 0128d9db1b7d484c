namespace Sleigh.Cgroups.Growth;

/// <summary>Bytes in whole MiB, without overflow: what is too much becomes the most there is.</summary>
public static class Mebibytes
{
    /// <summary>The largest whole number of MiB.</summary>
    public const long Most = long.MaxValue / GrowthOptions.MiB * GrowthOptions.MiB;

    /// <summary>Up to the next whole MiB; negative numbers are 0.</summary>
    public static long Up(long bytes) => bytes switch
    {
        <= 0 => 0,
        >= Most => Most,
        _ => (bytes + GrowthOptions.MiB - 1) / GrowthOptions.MiB * GrowthOptions.MiB,
    };

    /// <summary>Up to the next whole MiB; what is no number is 0.</summary>
    public static long Up(double bytes) => Up(Whole(bytes));

    /// <summary>Down to a whole MiB; negative numbers are 0.</summary>
    public static long Down(long bytes) => Math.Max(0, bytes) / GrowthOptions.MiB * GrowthOptions.MiB;

    /// <summary>The next whole byte; what is no number is 0.</summary>
    public static long Whole(double bytes) =>
        bytes > 0 ? bytes >= Most ? Most : (long)Math.Ceiling(bytes) : 0;

    /// <summary>The sum of two numbers that are not negative.</summary>
    public static long Add(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;

    /// <summary>For people.</summary>
    public static string Text(long bytes) => $"{bytes / GrowthOptions.MiB} MB";
}
