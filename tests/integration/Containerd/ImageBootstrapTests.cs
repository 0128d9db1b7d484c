using System.Diagnostics;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Images made from Debian packages; the whole one needs a package mirror and is named so that it can be left out.</summary>
public sealed class ImageBootstrapTests : IClassFixture<PrivateContainerd>
{
    private readonly PrivateContainerd _fixture;

    public ImageBootstrapTests(PrivateContainerd fixture)
    {
        _fixture = fixture;
    }

    [HostFact(Need.Root, Need.Containerd, Need.Mmdebstrap)]
    [Trait("Speed", "slow")]
    public async Task A_debian_image_with_python_runs_from_its_layers()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        var bootstrap = new ImageBootstrap(world.Images, _fixture.Folder);
        List<string> lines = [];
        long begin = Stopwatch.GetTimestamp();

        ImageSummary image = await bootstrap.BootstrapAsync(
            new BootstrapRequest { Name = "sleigh/debian:bookworm", Suite = "bookworm", Include = ["python3-minimal"] }, lines.Add);

        TestContext.Current.SendDiagnosticMessage(
            $"bootstrap of {image.Name}: {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s, {image.Bytes / 1e6:0.0} MB");
        Assert.Equal("docker.io/sleigh/debian:bookworm", image.Name);
        Assert.Contains(lines, l => l.StartsWith("I: ", StringComparison.Ordinal));
        Assert.True(image.Bytes < 250_000_000, $"the image has {image.Bytes} bytes");
        ImageTree tree = await world.Images.OpenAsync("sleigh/debian:bookworm");
        string root = Assert.Single(tree.Lowers);
        Assert.Equal("/bin/bash", Assert.Single(tree.Config.Cmd));
        Assert.StartsWith("PATH=", Assert.Single(tree.Config.Env), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(root, "etc/apt/apt.conf.d/99mmdebstrap")));
        Assert.False(File.Exists(Path.Combine(root, "etc/dpkg/dpkg.cfg.d/99mmdebstrap")));
        Assert.Equal("", await File.ReadAllTextAsync(Path.Combine(root, "etc/resolv.conf")));
        Assert.Contains("bookworm", await TextOfSourcesAsync(root), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(_fixture.Folder, "bootstrap-*"));

        using Process python = Process.Start(new ProcessStartInfo("chroot")
        {
            ArgumentList = { root, "/usr/bin/python3", "-c", "print(6*7)" },
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("42\n", await python.StandardOutput.ReadToEndAsync());
    }

    [HostFact(Need.Root, Need.Containerd, Need.Mmdebstrap)]
    public async Task A_mirror_that_cannot_be_reached_is_one_sentence_and_leaves_nothing()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        var bootstrap = new ImageBootstrap(world.Images, _fixture.Folder);

        ImageException error = await Assert.ThrowsAsync<ImageException>(() => bootstrap.BootstrapAsync(
            new BootstrapRequest { Name = "x", Mirrors = ["deb [trusted=yes] http://127.0.0.1:9/debian bookworm main"] }));

        Assert.Equal(ImageErrorKind.ToolFailed, error.Kind);
        Assert.StartsWith("the packages of 'bookworm' cannot be fetched: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(Directory.EnumerateDirectories(_fixture.Folder, "bootstrap-*"));
        await world.AssertEmptyAsync();
    }

    [HostFact(Need.Root, Need.Containerd)]
    public async Task A_missing_mmdebstrap_is_one_sentence()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        var bootstrap = new ImageBootstrap(world.Images, _fixture.Folder) { Program = "mmdebstrap-of-nobody" };

        ImageException error = await Assert.ThrowsAsync<ImageException>(() => bootstrap.BootstrapAsync(new BootstrapRequest { Name = "x" }));

        Assert.Equal(
            (ImageErrorKind.ToolFailed, "there is no program mmdebstrap-of-nobody; install mmdebstrap to make images from packages"),
            (error.Kind, error.Message));
    }

    [HostFact(Need.Root, Need.Containerd, Need.Mmdebstrap)]
    public async Task A_cancelled_bootstrap_leaves_nothing()
    {
        ImageWorld world = await ImageWorld.MakeAsync(_fixture);
        var bootstrap = new ImageBootstrap(world.Images, _fixture.Folder);
        using var stop = new CancellationTokenSource();
        void Line(string line)
        {
            if (line.Contains("running apt-get update", StringComparison.Ordinal))
            {
                stop.CancelAfter(200);
            }
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bootstrap.BootstrapAsync(new BootstrapRequest { Name = "x" }, Line, stop.Token));

        Assert.Empty(Directory.EnumerateDirectories(_fixture.Folder, "bootstrap-*"));
        Assert.DoesNotContain(File.ReadLines("/proc/self/mountinfo"), l => l.Contains(_fixture.Folder, StringComparison.Ordinal));
        await world.AssertEmptyAsync();
    }

    private static async Task<string> TextOfSourcesAsync(string root)
    {
        string text = "";
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "etc/apt"), "*", SearchOption.AllDirectories))
        {
            text += file.Contains("sources", StringComparison.Ordinal) ? await File.ReadAllTextAsync(file) : "";
        }

        return text;
    }
}
