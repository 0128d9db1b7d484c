using System.Net.Sockets;
using Sleigh.Daemon.Configuration;
using Sleigh.Daemon.Listening;
using Sleigh.Linux;
using Sleigh.Runtime;

namespace Sleigh.Daemon.Tests;

public sealed class FailedEndTests
{
    [Theory]
    [InlineData(StartFailureKind.Host, 10)]
    [InlineData(StartFailureKind.AlreadyRunning, 11)]
    [InlineData(StartFailureKind.Containerd, 12)]
    [InlineData(StartFailureKind.Storage, 13)]
    public void Each_kind_of_start_failure_has_a_code(StartFailureKind kind, int code)
    {
        FailedEnd end = FailedEnd.Of(new StartException(kind, "one\nsentence", new KernelException("open", "/x", Errno.ENOSPC)));

        Assert.Equal((code, "one sentence", 28, false), (end.ExitCode, end.Status, end.Errno, end.IsUnforeseen));
    }

    [Fact]
    public void A_taken_port_is_14_with_the_kernels_number()
    {
        FailedEnd end = FailedEnd.Of(new ListenException("taken", new SocketException((int)SocketError.AddressAlreadyInUse)));

        Assert.Equal((14, "taken", 98), (end.ExitCode, end.Status, end.Errno));
    }

    [Fact]
    public void A_configuration_tells_the_log_everything_and_the_service_manager_the_first()
    {
        FailedEnd end = FailedEnd.Of(new ConfigurationException([new("a", 1, "k", "one"), new("a", 2, "k", "two"), new(null, null, "k", "three")]));

        Assert.Equal((78, "a:1: one, and 2 more errors"), (end.ExitCode, end.Status));
        Assert.Equal(["a:1: one", "a:2: two", "three"], end.Sentences);
        Assert.Equal("a:1: one, and one more error", FailedEnd.Of(new ConfigurationException([new("a", 1, "k", "one"), new("a", 2, "k", "two")])).Status);
    }

    [Fact]
    public void What_nobody_foresaw_is_one_sentence_and_70()
    {
        FailedEnd end = FailedEnd.Of(new InvalidOperationException("odd\nthing"));

        Assert.Equal(
            (70, "an error that nobody foresaw has ended sleighd, the log has the whole of it: InvalidOperationException: odd thing", null, true),
            (end.ExitCode, end.Status, end.Errno, end.IsUnforeseen));
    }

    [Fact]
    public void The_document_lists_every_exit_code()
    {
        string text = File.ReadAllText(Path.Combine(Sleigh.TestSupport.Host.Repository, "docs", "systemd.md"));

        Assert.All(
            [ExitCode.Success, ExitCode.Usage, ExitCode.Host, ExitCode.AlreadyRunning, ExitCode.Containerd, ExitCode.Storage, ExitCode.Listen, ExitCode.Internal, ExitCode.Configuration],
            code => Assert.Contains($"\n| {code} | ", text, StringComparison.Ordinal));
    }
}
