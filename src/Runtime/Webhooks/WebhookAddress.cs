using System.Net;

namespace Sleigh.Runtime;

/// <summary>Where a webhook is sent: an absolute http or https URL whose host, if it is an address, is not blocked.</summary>
/// <remarks>A name is looked up at each try, and what it stands for is checked then, on the address connected to.</remarks>
public sealed record WebhookAddress
{
    private const int MostCharacters = 4096;

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    private WebhookAddress(Uri url) => Url = url;

    /// <summary>The URL as sent, without white space around it.</summary>
    public Uri Url { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">As the caller sent it.</param>
    /// <param name="blocked">Setting <c>webhooks.blocked_networks</c>.</param>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.InvalidWebhookUrl"/>, <see cref="ErrorKind.WebhookUrlBlocked"/>.</exception>
    public static WebhookAddress Parse(string text, IReadOnlyList<IPNetwork> blocked)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(blocked);
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
        {
            throw new RuntimeException(ErrorKind.InvalidWebhookUrl, "bad request: webhook_url must be an absolute http or https URL");
        }

        if (url.AbsoluteUri.Length > MostCharacters)
        {
            throw new RuntimeException(
                ErrorKind.InvalidWebhookUrl, FormattableString.Invariant($"bad request: webhook_url may be at most {MostCharacters} characters long"));
        }

        if (IPAddress.TryParse(url.DnsSafeHost, out IPAddress? address) && IsBlocked(address, blocked))
        {
            throw new RuntimeException(ErrorKind.WebhookUrlBlocked, $"bad request: webhook_url leads to {address}, which lies in a blocked network")
            {
                Hint = "use another address, or ask the operator about webhooks.blocked_networks",
            };
        }

        return new WebhookAddress(url);
    }

    /// <summary>
    /// Whether an address is never connected to. One that leads to an IPv4 address (mapped, or through NAT64 or 6to4) counts as that address too.
    /// </summary>
    public static bool IsBlocked(IPAddress address, IReadOnlyList<IPNetwork> blocked)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(blocked);
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        IPAddress? inner = Nat64.Contains(plain) ? Inner(plain, 12) : SixToFour.Contains(plain) ? Inner(plain, 2) : null;
        return blocked.Any(network => network.Contains(plain) || (inner is not null && network.Contains(inner)));
    }

    // RFC 6052 and RFC 3056: the IPv4 address stands in the last, or behind the first, bytes.
    private static IPAddress Inner(IPAddress address, int offset) => new(address.GetAddressBytes().AsSpan(offset, 4));
}
