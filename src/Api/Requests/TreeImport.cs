using Sleigh.Api.Errors;

namespace Sleigh.Api.Requests;

/// <summary>Query of <c>POST /admin/images/import</c> where the body is the tar of a file tree and no image archive.</summary>
/// <param name="Name">The image's name.</param>
/// <param name="ConfigFrom">An image whose settings it gets; null for the plain ones.</param>
internal sealed record TreeImport(string Name, string? ConfigFrom)
{
    /// <summary>Reads it from raw parameters; null where an image archive is meant.</summary>
    public static TreeImport? Parse(string? what, string? name, string? configFrom)
    {
        string? from = string.IsNullOrWhiteSpace(configFrom) ? null : configFrom;
        if (from is not null && !ImageName.IsValid(from))
        {
            throw ApiErrors.Invalid("config_from", "is not an image name").Exception();
        }

        return what switch
        {
            null or "" or "image" => from is null
                ? null
                : throw ApiErrors.Invalid("config_from", "is for as=tree only; an image archive has settings of its own").Exception(),
            "tree" => new TreeImport(name ?? throw ApiErrors.Required("name").Exception(), from),
            _ => throw ApiErrors.Invalid("as", "must be image or tree").Exception(),
        };
    }
}
