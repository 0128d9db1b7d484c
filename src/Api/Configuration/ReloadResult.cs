namespace Sleigh.Api;

/// <summary>What a reload of the configuration did.</summary>
/// <param name="Changed">Keys whose new value is in force now.</param>
/// <param name="RestartNeeded">Keys whose new value comes into force with the next start.</param>
/// <param name="Errors">Everything that is wrong with the configuration; with any, nothing was changed.</param>
public sealed record ReloadResult(IReadOnlyList<string> Changed, IReadOnlyList<string> RestartNeeded, IReadOnlyList<string> Errors)
{
    /// <summary>Why it was refused, in one sentence; null: it was not.</summary>
    public string? Refusal => Errors.Count switch
    {
        0 => null,
        1 => $"reload refused: {Errors[0]}; the old configuration is in force",
        _ => $"reload refused: {Errors[0]}, and {Errors.Count - 1} more; the old configuration is in force",
    };
}
