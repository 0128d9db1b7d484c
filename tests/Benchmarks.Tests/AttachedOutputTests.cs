using Sleigh.Benchmarks.Host.Docker;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class AttachedOutputTests
{
    private static readonly byte[] Frames =
        [1, 0, 0, 0, 0, 0, 0, 3, 65, 66, 67, 2, 0, 0, 0, 0, 0, 0, 2, 88, 89, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 68];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(100)]
    public void Standard_output_is_counted_however_the_frames_are_cut(int piece)
    {
        using var output = new AttachedOutput();

        foreach (byte[] part in Frames.Chunk(piece))
        {
            output.Write(part, 0, part.Length);
        }

        Assert.Equal(4, output.StdoutBytes);
    }
}
