using System.Net;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>A <c>webhook_url</c> that came with a command: an address to tell, or why it is none. It never keeps the command from running.</summary>
/// <param name="Address">Where the command's end is told.</param>
/// <param name="Error">Why nobody is told.</param>
internal sealed record WebhookAsked(WebhookAddress? Address, string? Error)
{
    /// <summary>Reads it; null when none was sent.</summary>
    public static WebhookAsked? Read(string? url, IReadOnlyList<IPNetwork> blocked)
    {
        if (string.IsNullOrWhiteSpace(url))
        {
            return null;
        }

        try
        {
            return new WebhookAsked(WebhookAddress.Parse(url, blocked), null);
        }
        catch (RuntimeException refused)
        {
            return new WebhookAsked(null, refused.Message);
        }
    }
}
