using Microsoft.Win32.SafeHandles;

namespace Sleigh.Runtime;

/// <summary>The open files of a new exec.</summary>
internal sealed record SpoolFiles(SafeFileHandle Stdout, SafeFileHandle Stderr, SafeFileHandle Record);
