namespace Sleigh.Cli.Http;

/// <summary>The other side does not speak HTTP/1.1 as this client knows it.</summary>
internal sealed class HttpProtocolException(string message) : IOException(message);
