namespace Sleigh.Runtime.Records;

/// <summary>All that is kept of a declared port.</summary>
/// <param name="Sandbox">Whose it is.</param>
/// <param name="Number">The port inside.</param>
/// <param name="Tcp">The port of the host's loopback that leads to it; null: none.</param>
/// <param name="Key">Signs its links: 64 hex digits.</param>
internal sealed record PortRecord(SandboxId Sandbox, int Number, int? Tcp, string Key)
{
    /// <summary>A port that is declared now.</summary>
    public static PortRecord New(SandboxId sandbox, int number) => new(sandbox, number, null, PortSignature.NewKey());
}
