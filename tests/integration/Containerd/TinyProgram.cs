using System.Buffers.Binary;
using System.Text;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Static programs of some hundred bytes for x86-64 Linux, so that tests need no compiler and no image.</summary>
internal static class TinyProgram
{
    private const ulong LoadAddress = 0x400000;
    private const int HeaderSize = 64 + 56;

    /// <summary>Waits for a signal for ever: pause(2) in a loop.</summary>
    public static byte[] Pause => Elf([0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7]);

    /// <summary>Ends at once: exit(2).</summary>
    public static byte[] Exit(byte status) => Elf([0xbf, status, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);

    /// <summary>Writes a text to its standard output and ends.</summary>
    public static byte[] Print(string text)
    {
        byte[] words = Encoding.UTF8.GetBytes(text);
        byte[] code =
        [
            0xb8, 1, 0, 0, 0, // write
            0xbf, 1, 0, 0, 0, // to 1
            0x48, 0x8d, 0x35, 19, 0, 0, 0, // lea rsi, [rip + 19]
            0xba, (byte)words.Length, 0, 0, 0,
            0x0f, 0x05,
            0x31, 0xff, // xor edi, edi
            0xb8, 60, 0, 0, 0, // exit
            0x0f, 0x05,
            0x90, 0x90, 0x90,
        ];
        return Elf([.. code, .. words]);
    }

    public static string Save(string path, byte[] program)
    {
        File.WriteAllBytes(path, program);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("755", 8));
        return path;
    }

    /// <summary>An ELF file with one segment that holds all of it (elf(5)).</summary>
    private static byte[] Elf(byte[] code)
    {
        byte[] file = new byte[HeaderSize + code.Length];
        Span<byte> f = file;
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(f);
        BinaryPrimitives.WriteUInt16LittleEndian(f[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(f[18..], 62); // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(f[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(f[24..], LoadAddress + HeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(f[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(f[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(f[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(f[56..], 1);
        Span<byte> segment = f[64..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 5); // read, execute
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], (ulong)file.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[48..], 4096);
        code.CopyTo(f[HeaderSize..]);
        return file;
    }
}
