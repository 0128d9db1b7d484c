using System.Net.Sockets;

namespace Sleigh.Containerd.Tests;

public sealed class GrpcStatusTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a%20b%25", "a b%")]
    [InlineData("%e2%82%ac", "€")]
    [InlineData("50% off %", "50% off %")]
    [InlineData("%zz%4", "%zz%4")]
    [InlineData("%", "%")]
    public void Percent_encoding_is_undone_and_broken_encoding_kept(string text, string expected) =>
        Assert.Equal(expected, GrpcStatus.DecodePercent(text));

    [Fact]
    public void A_status_is_read_from_headers()
    {
        using var response = new HttpResponseMessage();
        Assert.Null(GrpcStatus.Read(response.TrailingHeaders));

        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "5");
        response.TrailingHeaders.TryAddWithoutValidation("grpc-message", "not%20there");
        Assert.Equal(new GrpcStatus(5, "not there"), GrpcStatus.Read(response.TrailingHeaders));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("-1")]
    public void A_status_that_is_no_number_is_none(string value)
    {
        using var response = new HttpResponseMessage();
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", value);

        Assert.Null(GrpcStatus.Read(response.TrailingHeaders));
    }

    [Fact]
    public void Each_status_has_its_kind()
    {
        Assert.Equal(
            [
                ContainerdErrorKind.Cancelled, ContainerdErrorKind.Internal, ContainerdErrorKind.InvalidArgument,
                ContainerdErrorKind.DeadlineExceeded, ContainerdErrorKind.NotFound, ContainerdErrorKind.AlreadyExists,
                ContainerdErrorKind.PermissionDenied, ContainerdErrorKind.ResourceExhausted, ContainerdErrorKind.FailedPrecondition,
                ContainerdErrorKind.FailedPrecondition, ContainerdErrorKind.FailedPrecondition, ContainerdErrorKind.Unimplemented,
                ContainerdErrorKind.Internal, ContainerdErrorKind.Unavailable, ContainerdErrorKind.Internal,
                ContainerdErrorKind.PermissionDenied, ContainerdErrorKind.Internal,
            ],
            Enumerable.Range(1, 17).Select(ErrorKinds.FromGrpc));
        Assert.Equal(ContainerdErrorKind.Unimplemented, ErrorKinds.FromHttp(404));
        Assert.Equal(ContainerdErrorKind.Unavailable, ErrorKinds.FromHttp(503));
        Assert.Equal(ContainerdErrorKind.Internal, ErrorKinds.FromHttp(500));
    }

    [Fact]
    public void A_socket_error_is_a_sentence() => Assert.Equal(
        (ContainerdErrorKind.PermissionDenied, "no permission to use the socket /run/c.sock"),
        ErrorKinds.FromSocket(new SocketException((int)SocketError.AccessDenied), "/run/c.sock"));

    [Fact]
    public void An_error_says_what_was_done_and_what_containerd_said()
    {
        Assert.Equal(
            "could not remove the task 'a': containerd said: it runs",
            ContainerdException.From("remove the task 'a'", new GrpcStatus(9, "it runs")).Message);
        Assert.Equal("could not x: containerd said: status 13", ContainerdException.From("x", new GrpcStatus(13, "")).Message);
    }

    [Theory]
    [InlineData(0.0001, "1m")]
    [InlineData(1500, "1500m")]
    [InlineData(99_999_999, "99999999m")]
    [InlineData(200_000_000, "200000S")]
    public void A_time_limit_has_at_most_eight_digits(double milliseconds, string expected) =>
        Assert.Equal(expected, GrpcCallOptions.FormatTimeout(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(0)]
    [InlineData(108)]
    public void A_socket_path_must_fit(int length)
    {
        var error = Assert.Throws<ContainerdException>(() => GrpcChannel.CheckPath(new string('x', length)));

        Assert.Equal(ContainerdErrorKind.InvalidArgument, error.Kind);
        GrpcChannel.CheckPath(new string('x', 107));
    }
}
