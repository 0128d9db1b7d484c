namespace Sleigh.Linux;

/// <summary>How often a btrfs has met a kind of error on one of its disks.</summary>
/// <param name="Device">The disk's number in the filesystem, from 1.</param>
/// <param name="Kind">The kernel's name: <c>write_errs</c>, <c>read_errs</c>, <c>flush_errs</c>, <c>corruption_errs</c> or <c>generation_errs</c>.</param>
/// <param name="Count">At least 1.</param>
public readonly record struct BtrfsErrorCount(string Device, string Kind, long Count);
