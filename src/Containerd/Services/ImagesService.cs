using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Images;

namespace Sleigh.Containerd;

/// <summary>A name that points to a manifest, and so keeps it and all it refers to.</summary>
public sealed record ImageRecord(
    string Name, Descriptor Target, IReadOnlyDictionary<string, string> Labels, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>Image records as containerd keeps them; see <see cref="ImageStore"/> for what to do with an image.</summary>
public sealed class ImagesService
{
    private const string Service = "containerd.services.images.v1.Images";

    private static readonly GrpcMethod<Wire.GetImageRequest, Wire.GetImageResponse> Get =
        new(Service, "Get", Wire.GetImageResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListImagesRequest, Wire.ListImagesResponse> List =
        new(Service, "List", Wire.ListImagesResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.CreateImageRequest, Wire.CreateImageResponse> Create =
        new(Service, "Create", Wire.CreateImageResponse.Parser);

    private static readonly GrpcMethod<Wire.UpdateImageRequest, Wire.UpdateImageResponse> Update =
        new(Service, "Update", Wire.UpdateImageResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.DeleteImageRequest, Empty> Delete = new(Service, "Delete", Empty.Parser);

    private readonly GrpcCaller _caller;

    internal ImagesService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>The record of that exact name, or null.</summary>
    public async Task<ImageRecord?> FindAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return From((await _caller.CallAsync(Get, new Wire.GetImageRequest { Name = name }, $"look up the image '{name}'", cancellationToken)).Image);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All records.</summary>
    public async Task<IReadOnlyList<ImageRecord>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await _caller.CallAsync(List, new Wire.ListImagesRequest(), "list the images", cancellationToken)).Images.Select(From)];

    /// <summary>Makes the record, or points the one of that name to another target.</summary>
    public async Task<ImageRecord> SetAsync(
        string name, Descriptor target, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default)
    {
        var image = new Wire.Image { Name = name, Target = target.ToWire() };
        image.Labels.AddLabels(labels);
        try
        {
            var request = new Wire.CreateImageRequest { Image = image };
            return From((await _caller.CallAsync(Create, request, $"make the image '{name}'", cancellationToken)).Image);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.AlreadyExists)
        {
            var request = new Wire.UpdateImageRequest { Image = image, UpdateMask = new FieldMask { Paths = { "target", "labels" } } };
            return From((await _caller.CallAsync(Update, request, $"update the image '{name}'", cancellationToken)).Image);
        }
    }

    /// <summary>Removes the record.</summary>
    /// <param name="name">Its exact name.</param>
    /// <param name="collect">Whether to wait until what nothing else keeps is gone.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task DeleteAsync(string name, bool collect = false, CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Delete, new Wire.DeleteImageRequest { Name = name, Sync = collect }, $"remove the image '{name}'", cancellationToken);

    private static ImageRecord From(Wire.Image image) => new(
        image.Name, Descriptor.From(image.Target), image.Labels.ToLabels(), image.CreatedAt.ToTime(), image.UpdatedAt.ToTime());
}
