using System.Globalization;
using System.Net;

namespace Sleigh.Daemon.Configuration;

/// <summary>An address to listen on: <c>127.0.0.1:10122</c> or <c>[::1]:10122</c>; no names, as a name may come to mean another address.</summary>
internal static class ListenAddress
{
    /// <summary>Reads an address with its port; port 0 takes a free one.</summary>
    internal static bool TryParse(string text, out IPEndPoint address)
    {
        address = new IPEndPoint(IPAddress.None, 0);
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        string host = text[..colon];
        bool bracketed = host is ['[', .., ']'];
        // IPAddress.Parse takes short forms such as "1"; four parts are what people mean.
        if (!IPAddress.TryParse(bracketed ? host[1..^1] : host, out IPAddress? ip) || (!bracketed && host.Count(c => c == '.') != 3))
        {
            return false;
        }

        address = new IPEndPoint(ip, port);
        return true;
    }
}
