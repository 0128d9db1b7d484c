using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sleigh.Containerd;

/// <summary>Which server certificates are accepted: those the system trusts, and those of some more authorities.</summary>
internal sealed class ServerTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly X509Certificate2Collection _roots = [];

    /// <param name="files">PEM files of the authorities.</param>
    /// <exception cref="IOException">One cannot be read.</exception>
    public ServerTrust(IReadOnlyList<string> files)
    {
        foreach (string file in files)
        {
            try
            {
                _roots.ImportFromPemFile(file);
            }
            catch (Exception ex) when (ex is CryptographicException or IOException or UnauthorizedAccessException)
            {
                throw new IOException($"the certificates in {file} cannot be read: {ex.Message}", ex);
            }
        }

        if (files.Count > 0 && _roots.Count == 0)
        {
            throw new IOException($"there is no certificate in {string.Join(", ", files)}");
        }
    }

    /// <summary>Why the last certificate was not accepted.</summary>
    public string? Problem { get; private set; }

    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        if (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is not null && chain is not null && LeadsToOurs(certificate, chain))
        {
            return true;
        }

        Problem = errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "its certificate is for another host"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable) ? "it shows no certificate"
            : $"its certificate is not trusted ({string.Join(", ", chain?.ChainStatus.Select(s => s.Status).Distinct() ?? [])})";
        return false;
    }

    private bool LeadsToOurs(X509Certificate certificate, X509Chain given)
    {
        if (_roots.Count == 0)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(given.ChainPolicy.ExtraStore);
        foreach (X509ChainElement element in given.ChainElements)
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using var leaf = new X509Certificate2(certificate);
        return chain.Build(leaf);
    }
}
