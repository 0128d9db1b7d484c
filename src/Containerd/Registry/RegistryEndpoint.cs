namespace Sleigh.Containerd;

/// <summary>A place where an image may be asked for.</summary>
/// <param name="Base">Its address, up to <c>/v2/</c> and without it.</param>
/// <param name="LoginHost">The host whose login counts there.</param>
/// <param name="IsMirror">Whether there is another place to ask should this one fail.</param>
internal sealed record RegistryEndpoint(Uri Base, string LoginHost, bool IsMirror)
{
    /// <summary>What it is called in messages.</summary>
    public string Name => Base.Authority;

    public Uri Manifest(ImageName name, string reference) => At($"{name.Path}/manifests/{reference}");

    public Uri Blob(ImageName name, string digest) => At($"{name.Path}/blobs/{digest}");

    private Uri At(string path) => new($"{Base.GetLeftPart(UriPartial.Path).TrimEnd('/')}/v2/{path}");
}
