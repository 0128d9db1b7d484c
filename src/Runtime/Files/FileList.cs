namespace Sleigh.Runtime;

/// <summary>A part of a directory, in the order of the names' bytes.</summary>
/// <param name="Items">The names.</param>
/// <param name="Next">The last name, when there are more behind it; null at the end.</param>
public sealed record FileList(IReadOnlyList<FileListItem> Items, ReadOnlyMemory<byte>? Next);

/// <summary>One name of a directory.</summary>
/// <param name="Name">Its bytes, which need not be UTF-8.</param>
/// <param name="Details">What has it; a link is described itself.</param>
public sealed record FileListItem(ReadOnlyMemory<byte> Name, FileDetails Details);
