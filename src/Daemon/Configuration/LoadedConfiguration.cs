using Sleigh.Api;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>A configuration that was loaded and is good.</summary>
/// <param name="Options">The settings.</param>
/// <param name="Settings">Each key with its value and where that came from.</param>
/// <param name="Files">The files that were read, in their order.</param>
public sealed record LoadedConfiguration(SleighOptions Options, IReadOnlyList<ShownSetting> Settings, IReadOnlyList<string> Files);
