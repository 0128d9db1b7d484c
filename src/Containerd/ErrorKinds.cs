using System.Net.Sockets;

namespace Sleigh.Containerd;

/// <summary>The one place where the words of gRPC, HTTP and sockets become ours.</summary>
internal static class ErrorKinds
{
    /// <summary>Status codes as gRPC numbers them (grpc.github.io/grpc/core/md_doc_statuscodes.html).</summary>
    public static ContainerdErrorKind FromGrpc(int code) => code switch
    {
        1 => ContainerdErrorKind.Cancelled,
        3 => ContainerdErrorKind.InvalidArgument,
        4 => ContainerdErrorKind.DeadlineExceeded,
        5 => ContainerdErrorKind.NotFound,
        6 => ContainerdErrorKind.AlreadyExists,
        7 or 16 => ContainerdErrorKind.PermissionDenied,
        8 => ContainerdErrorKind.ResourceExhausted,
        // Aborted and OutOfRange: a conflict with the present state, e.g. a write at the wrong offset.
        9 or 10 or 11 => ContainerdErrorKind.FailedPrecondition,
        12 => ContainerdErrorKind.Unimplemented,
        14 => ContainerdErrorKind.Unavailable,
        _ => ContainerdErrorKind.Internal,
    };

    /// <summary>An HTTP status other than 200 comes from something that is no gRPC server.</summary>
    public static ContainerdErrorKind FromHttp(int status) => status switch
    {
        401 or 403 => ContainerdErrorKind.PermissionDenied,
        404 => ContainerdErrorKind.Unimplemented,
        429 or 502 or 503 or 504 => ContainerdErrorKind.Unavailable,
        _ => ContainerdErrorKind.Internal,
    };

    /// <summary>Why a unix socket could not be connected: its kind and the reason in words.</summary>
    public static (ContainerdErrorKind Kind, string Reason) FromSocket(SocketException error, string socketPath) => error.SocketErrorCode switch
    {
        SocketError.AccessDenied => (ContainerdErrorKind.PermissionDenied, $"no permission to use the socket {socketPath}"),
        SocketError.ConnectionRefused => (ContainerdErrorKind.Unavailable, $"nothing answers on the socket {socketPath}"),
        // .NET gives ENOENT of a unix socket as AddressNotAvailable.
        SocketError.AddressNotAvailable => (ContainerdErrorKind.Unavailable, $"there is no socket {socketPath}"),
        _ => (ContainerdErrorKind.Unavailable, $"cannot connect to the socket {socketPath}: {error.Message}"),
    };
}
