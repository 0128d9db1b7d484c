using Sleigh.Runtime;

namespace Sleigh.Api.Errors;

/// <summary>The conflict of a create call that wants to be told before an image is pulled.</summary>
internal static class ImagePull
{
    private const string TimedOut = "cache_check_timed_out";

    /// <summary>Its three or four keys stand at top level.</summary>
    public static ApiError Needed(RuntimeException failed, string image)
    {
        Dictionary<string, object> keys = new()
        {
            ["image_pull_needed"] = true,
            ["resolved_image"] = image,
            ["next_action"] = "retry create_sandbox with image_pull_policy=wait to perform pull",
        };
        if (failed.Details.ContainsKey(TimedOut))
        {
            keys[TimedOut] = true;
        }

        return ErrorKinds.ToApiError(failed) with { Details = new Dictionary<string, object>(), TopLevel = keys };
    }
}
