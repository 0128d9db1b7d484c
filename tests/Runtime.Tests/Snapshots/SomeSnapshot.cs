namespace Sleigh.Runtime.Tests.Snapshots;

/// <summary>Snapshots for tests that look at one or two of their members.</summary>
internal static class SomeSnapshot
{
    public static SandboxId Sandbox { get; } = SandboxId.Parse("sbx_0000000000a1");

    public static Snapshot With(Func<Snapshot, Snapshot> change) => change(new Snapshot
    {
        Id = SnapshotId.New(), Sandbox = Sandbox, Session = SessionId.Parse("sid_0000000000a1"), Created = DateTimeOffset.UnixEpoch,
        Limits = new CapturedLimits(256, 512, null, 1024, null), Labels = new Dictionary<string, string>(),
    });
}
