namespace Sleigh.Cli.Http;

/// <summary>One answer, its body read to the end.</summary>
/// <param name="Status">Such as 200.</param>
/// <param name="Headers">Names compare without case; of a header sent twice the last one is kept.</param>
/// <param name="Body">Empty when there is none.</param>
internal sealed record HttpReply(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body);
