namespace Sleigh.Cli.Http;

/// <summary>What stands before a reply's body.</summary>
/// <param name="Status">Such as 200.</param>
/// <param name="IsOld">HTTP/1.0, whose connections end with the reply.</param>
/// <param name="Headers">Names compare without case; of a header sent twice the last one is kept.</param>
internal sealed record HttpHead(int Status, bool IsOld, Dictionary<string, string> Headers)
{
    /// <summary>True when the server keeps the connection open behind this reply, its body's end being marked.</summary>
    public bool KeepsConnection =>
        !IsOld && !(Headers.TryGetValue("Connection", out string? connection) && connection.Contains("close", StringComparison.OrdinalIgnoreCase));
}
