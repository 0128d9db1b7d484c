namespace Sleigh.Runtime.Records;

/// <summary>What an event keeps of the copy of an environment.</summary>
internal sealed record CopyFacts(string EnvironmentPath, string SandboxPath, long Files, long Bytes, long Micros)
{
    public static CopyFacts Of(EnvironmentCopy copy) =>
        new(copy.EnvironmentPath, copy.SandboxPath, copy.Files, copy.Bytes, (long)copy.Duration.TotalMicroseconds);

    public EnvironmentCopy ToCopy() => new(EnvironmentPath, SandboxPath, Files, Bytes, TimeSpan.FromMicroseconds(Micros));
}
