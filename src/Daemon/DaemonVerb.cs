namespace Sleigh.Daemon;

/// <summary>What sleighd was called for.</summary>
internal enum DaemonVerb
{
    Serve,
    StopAll,
    Quiesce,
    CheckConfig,
    Doctor,
    ShowConfig,
    Version,
    Help,
}
