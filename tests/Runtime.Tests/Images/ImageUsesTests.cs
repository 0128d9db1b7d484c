using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime.Tests.Images;

public sealed class ImageUsesTests : IDisposable
{
    private const string Full = "docker.io/library/node:20";

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-images-").FullName;
    private readonly ManualTime _time = new();
    private readonly RecordStore _records;

    public ImageUsesTests() => _records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"));

    public void Dispose()
    {
        _records.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_use_is_exact_now_and_to_the_minute_after_a_restart()
    {
        ImageUses uses = Open();
        DateTimeOffset first = _time.GetUtcNow();
        uses.Note("node:20");
        _time.Advance(TimeSpan.FromSeconds(59));
        uses.Note(Full);

        Assert.Equal(first.AddSeconds(59), uses.Of(Full));
        Assert.Equal(first, Open().Of(Full));

        _time.Advance(TimeSpan.FromSeconds(1));
        uses.Note("node:20");
        Assert.Equal(first.AddSeconds(60), Open().Of(Full));
    }

    [Fact]
    public void An_image_that_is_gone_is_forgotten()
    {
        ImageUses uses = Open();
        uses.Note("node:20");

        uses.Forget(Full);

        Assert.Null(uses.Of(Full));
        Assert.Null(Open().Of(Full));
    }

    [Fact]
    public void What_is_no_name_is_nothing()
    {
        Open().Note("No Name");

        Assert.Empty(_records.ReadImageUses());
    }

    private ImageUses Open() => new(_records, _time, NullLogger.Instance);
}
