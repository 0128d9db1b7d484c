namespace Sleigh.Overlay;

/// <summary>A small file laid over a path of the tree, such as /etc/hosts: root's, mode 0644, and not part of any layer.</summary>
/// <param name="Target">Absolute path in the tree, without <c>.</c> and <c>..</c>; its last part is unlike those of the plan's other own files.</param>
/// <param name="Text">What it holds at first; the sandbox may write to it.</param>
/// <param name="ReadOnly">Whether the sandbox may only read it.</param>
public sealed record OwnFile(string Target, string Text, bool ReadOnly = false)
{
    internal string Name => Target[(Target.LastIndexOf('/') + 1)..];
}
