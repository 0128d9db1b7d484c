using Sleigh.Runtime;

namespace Sleigh.Api.Ingress;

/// <summary>A request that may pass.</summary>
/// <param name="Sandbox">To which sandbox.</param>
/// <param name="Port">To which port.</param>
/// <param name="Keep">What the browser keeps in a cookie, so that the page's further requests pass; null: nothing new.</param>
/// <param name="CleansAddress">Whether the browser is sent to the same address without what opened the way: the page's scripts and its Referer headers would have it.</param>
/// <param name="Until">When it ends, open connections with it; null: with the sandbox or the port.</param>
internal sealed record IngressGrant(SandboxId Sandbox, int Port, PortLink? Keep, bool CleansAddress, DateTimeOffset? Until);
