using System.Runtime.Versioning;

// Sleigh runs on Linux only; this lets tests set file modes.
[assembly: SupportedOSPlatform("linux")]
