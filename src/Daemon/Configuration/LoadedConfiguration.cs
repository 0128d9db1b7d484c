using Sleigh.Api;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Configuration;

/// <summary>The settings, and each key with its value and where that came from.</summary>
public sealed record LoadedConfiguration(SleighOptions Options, IReadOnlyList<ShownSetting> Settings);
