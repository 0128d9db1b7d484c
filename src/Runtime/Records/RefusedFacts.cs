using Sleigh.Network;

namespace Sleigh.Runtime.Records;

/// <summary>The JSON form in which refused packets are kept.</summary>
internal sealed record RefusedFacts(long Denied, long Protected, long NotAllowed, long Connections)
{
    public static RefusedFacts Of(Refusals refused) => new(refused.Denied, refused.Protected, refused.NotAllowed, refused.Connections);

    public Refusals ToRefusals() => new(Denied, Protected, NotAllowed, Connections);
}
