namespace Sleigh.Daemon;

internal static class Program
{
    private static int Main() => 1;
}
