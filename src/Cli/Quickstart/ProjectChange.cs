namespace Sleigh.Cli.Quickstart;

/// <summary>One of the ways to go on.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Path">The file it changes.</param>
/// <param name="Content">That file afterwards.</param>
/// <param name="Report">What the report then says.</param>
internal sealed record ProjectChange(string Name, string Path, string Content, string Report);
