namespace Sleigh.Runtime.Init;

/// <summary>What sleigh-init says of itself.</summary>
/// <param name="Running">Execs starting or running.</param>
/// <param name="Remembered">Execs it can list: running, ended and failed ones.</param>
/// <param name="Lingering">Output pipes of ended execs that processes they left behind still hold.</param>
/// <param name="Reaped">Processes it has reaped since it started, orphans among them.</param>
/// <param name="CanHold">Whether it keeps something for the daemon: <see cref="InitConnection.HoldAsync"/>. One of an older version does not.</param>
public sealed record InitFigures(int Running, int Remembered, int Lingering, long Reaped, bool CanHold);
