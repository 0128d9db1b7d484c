namespace Sleigh.Api;

/// <summary>One key of the configuration as <c>/admin/config</c> shows it.</summary>
/// <param name="Key">The whole key, such as <c>http.listen</c>.</param>
/// <param name="Value">The value as it would be written; a secret only as <c>***</c>.</param>
/// <param name="Source"><c>default</c>, <c>file</c> and its path, or <c>environment</c>.</param>
/// <param name="IsSecret">Whether the value is a secret.</param>
public sealed record ShownSetting(string Key, string Value, string Source, bool IsSecret);
