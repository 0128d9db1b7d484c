using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Files of a sandbox.</summary>
internal static class FileRows
{
    private const string Tag = "files";
    private const string Tar = "application/x-tar";
    private const string Bytes = "application/octet-stream";

    public static IEnumerable<OperationRow> List() =>
    [
        new("GET", "/sandboxes/{id}/files/stat", 0, Tag, "Show what is at a path")
        {
            Query = [Shared.FilePath],
            Replies = [new(200, "A symbolic link itself, not what it points to.", Ref("File"))],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "engine_unavailable"],
            ExampleQuery = "?path=/etc/hostname",
        },
        new("GET", "/sandboxes/{id}/files", 0, Tag, "Read a file")
        {
            Description = "Links are followed inside the sandbox. A file that becomes shorter meanwhile ends the connection early.",
            Query = [Shared.FilePath],
            Headers =
            [
                May("Range", Text, "One range of bytes; several give the whole file."),
                May("If-Range", Text, "An ETag: the range counts only if the file is still that one."),
            ],
            Replies =
            [
                new(200, "The bytes, with Content-Length, Last-Modified and ETag.", Text, Bytes),
                new(206, "The range, with Content-Range.", Text, Bytes),
            ],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "sandbox_busy", "range_not_satisfiable", "sandbox_start_failed", "engine_unavailable"],
            ExampleQuery = "?path=/etc/hostname",
        },
        new("PUT", "/sandboxes/{id}/files", 0, Tag, "Write a file, whole or not at all")
        {
            Description = "The body is the file, of any size. Missing directories are made. Until all of it has come nothing is changed.",
            Query =
            [
                Shared.FilePath,
                May("mode", Text.Like("^[0-7]{1,4}$"), "Octal. Not sent: that of the file that is there, or 0644."),
                May("user", Text, "A name, uid or uid:gid. Not sent: the owner of the file that is there, or the sandbox's user."),
            ],
            BodyType = Bytes,
            Replies = [new(200, "It replaced one.", Ref("WrittenFile")), new(201, "It is new.", Ref("WrittenFile"))],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "sandbox_busy", "sandbox_start_failed", "engine_unavailable", "disk_full"],
            ExampleQuery = "?path=/work/model.bin&mode=0640",
        },
        new("DELETE", "/sandboxes/{id}/files", 0, Tag, "Remove a file or directory")
        {
            Description = "A link itself, not what it leads to.",
            Query = [Shared.FilePath, May("recursive", Bool, "Also a directory that is not empty.", false)],
            Replies = [ReplyRow.Done],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "sandbox_busy", "sandbox_start_failed", "engine_unavailable"],
            ExampleQuery = "?path=/work/model.bin",
        },
        new("GET", "/sandboxes/{id}/files/list", 0, Tag, "List a directory")
        {
            Query =
            [
                Shared.FilePath,
                May("limit", Int.AtLeast(1).AtMost(10_000), null, 1000),
                May("after", Text, "next of the page before."),
                May("after_base64", Text, "next_base64 of the page before."),
            ],
            Replies = [new(200, "A page, in the order of the names' bytes.", Ref("FileList"))],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "sandbox_busy", "sandbox_start_failed", "engine_unavailable"],
            ExampleQuery = "?path=/etc",
        },
        new("GET", "/sandboxes/{id}/files/archive", 0, Tag, "Read a tree as a tar archive")
        {
            Query = [Shared.FilePath],
            Replies = [new(200, "A stream of any length. One that fails half-way ends the connection early.", Text, Tar)],
            Errors = ["bad_request", "invalid_argument", "path_not_allowed", "engine_unavailable"],
            ExampleQuery = "?path=/app",
        },
        new("PUT", "/sandboxes/{id}/files/archive", 0, Tag, "Unpack a tar archive under a path")
        {
            Query = [Shared.FilePath],
            BodyType = Tar,
            Replies = [new(200, "Unpacked.", Ref("ReceivedArchive"))],
            Errors =
            [
                "bad_request", "invalid_argument", "path_not_allowed", "sandbox_busy", "sandbox_start_failed", "copy_failed", "engine_unavailable",
                "disk_full",
            ],
            ExampleQuery = "?path=/app",
        },
    ];
}
