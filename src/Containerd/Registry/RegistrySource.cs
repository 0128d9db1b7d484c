namespace Sleigh.Containerd;

/// <summary>One image at one place. Everything that goes wrong there is told in sentences that name both.</summary>
internal sealed record RegistrySource(RegistryClient Client, RegistryEndpoint Endpoint, ImageName Name)
{
    public RegistryException Fail(RegistryErrorKind kind, string why, Exception? inner = null, bool passing = false, TimeSpan? retryAfter = null) =>
        new(kind, $"could not pull '{Name.Familiar}' from {Endpoint.Name}: {why}", inner) { IsPassing = passing, RetryAfter = retryAfter };

    public Task<RegistryDocument> GetManifestAsync(string reference, int limit, CancellationToken cancellationToken) =>
        Client.GetDocumentAsync(this, Endpoint.Manifest(Name, reference), limit, cancellationToken);

    public Task<RegistryDocument> GetSmallBlobAsync(string digest, int limit, CancellationToken cancellationToken) =>
        Client.GetDocumentAsync(this, Endpoint.Blob(Name, digest), limit, cancellationToken);

    public Task<HttpResponseMessage> OpenBlobAsync(string digest, long offset, CancellationToken cancellationToken) =>
        Client.OpenAsync(this, Endpoint.Blob(Name, digest), offset, cancellationToken);
}

/// <summary>A manifest or a configuration as the registry gave it; its digest is of these bytes.</summary>
internal sealed record RegistryDocument(byte[] Bytes, string? MediaType)
{
    public string Digest { get; } = Digests.Of(Bytes);
}
