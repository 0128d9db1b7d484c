using System.Net;

namespace Sleigh.TestSupport.Http;

/// <summary>A request as it came over the wire.</summary>
/// <param name="Line">The first line.</param>
/// <param name="Headers">Names in lower case.</param>
/// <param name="Body">The raw body.</param>
/// <param name="At">When its first byte came, by <see cref="TimeProvider.GetTimestamp"/> of the system.</param>
/// <param name="To">The address that was connected to.</param>
public sealed record ReceivedRequest(string Line, IReadOnlyDictionary<string, string> Headers, byte[] Body, long At, IPEndPoint To)
{
    /// <summary>When the answer had been written.</summary>
    public long AnsweredAt { get; set; }
}
