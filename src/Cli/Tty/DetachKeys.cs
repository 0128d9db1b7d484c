namespace Sleigh.Cli.Tty;

/// <summary>Looks for Ctrl-P Ctrl-Q in what is typed. A Ctrl-P is held back until the next key shows what it was.</summary>
internal sealed class DetachKeys
{
    private const byte First = 0x10;
    private const byte Second = 0x11;

    private bool _held;

    /// <summary>What of <paramref name="typed"/> goes on, and whether the two keys came.</summary>
    public (byte[] Typed, bool Detach) Filter(ReadOnlySpan<byte> typed)
    {
        List<byte> rest = new(typed.Length + 1);
        foreach (byte key in typed)
        {
            if (_held && key == Second)
            {
                return ([.. rest], true);
            }

            if (_held)
            {
                rest.Add(First);
            }

            _held = key == First;
            if (!_held)
            {
                rest.Add(key);
            }
        }

        return ([.. rest], false);
    }
}
