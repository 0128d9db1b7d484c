using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Containerd;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/images/pull</c>.</summary>
internal sealed record PullImageRequest(string? Name, string? Platform)
{
    public static readonly string[] Fields = ["session_token", "name", "platform"];

    /// <summary>Checks the types.</summary>
    public static PullImageRequest Read(BodyFields fields) => new(fields.String("name"), fields.String("platform"));

    /// <summary>Checks the values.</summary>
    public (string Name, string? Platform) Check()
    {
        string name = string.IsNullOrWhiteSpace(Name) ? throw ApiErrors.Required("name").Exception() : Name;
        if (!ImageName.IsValid(name))
        {
            throw ApiErrors.Invalid("name", "is not an image name").Exception();
        }

        string? platform = string.IsNullOrWhiteSpace(Platform) ? null : Platform;
        return platform is null || ImagePuller.IsPlatform(platform)
            ? (name, platform)
            : throw ApiErrors.Invalid("platform", "must be a platform such as linux/amd64").Exception();
    }
}
