namespace Sleigh.Linux.Bpf;

/// <summary>A character device by its numbers (the kernel's admin-guide/devices.txt).</summary>
/// <param name="Major">The driver.</param>
/// <param name="Minor">The device; null: all of the driver.</param>
public readonly record struct CharacterDevice(int Major, int? Minor);
