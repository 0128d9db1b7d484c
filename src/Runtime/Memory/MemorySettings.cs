using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Memory;

/// <summary>The settings of growth, in the words of the policy.</summary>
internal static class MemorySettings
{
    /// <summary>The policy's figures under these settings.</summary>
    public static GrowthOptions Policy(MemoryOptions options) => new()
    {
        LargestStep = options.MaxStepMb * GrowthOptions.MiB,
        StallThreshold = options.StallThreshold,
        StallWindow = options.StallWindow,

        // Never: longer than any sandbox lives.
        GiveBackAfter = options.GiveBackAfter ?? TimeSpan.FromDays(36_500),
    };
}
