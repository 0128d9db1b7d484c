namespace Sleigh.Linux.Bpf;

/// <summary>
/// The machine code of a <see cref="DeviceFilter"/> (the kernel's bpf/standardization/instruction-set). The kernel calls it with a
/// <c>struct bpf_cgroup_dev_ctx</c>: the access in the upper and the type in the lower half of the first word, then major and minor;
/// it lets the access pass when the result is 1.
/// </summary>
internal static class DeviceProgram
{
    private const int TypeCharacter = 2;
    private const int AccessMakeNode = 1;

    private const byte LoadWord = 0x61;
    private const byte Move = 0xBF;
    private const byte MoveNumber = 0xB7;
    private const byte And = 0x57;
    private const byte ShiftRight = 0x77;
    private const byte JumpIfNot = 0x55;
    private const byte Exit = 0x95;

    private const int Result = 0, Context = 1, Type = 2, Access = 3, Major = 4, Minor = 5;

    /// <summary>One number an instruction.</summary>
    internal static ulong[] Assemble(IReadOnlyList<CharacterDevice> allowed)
    {
        List<ulong> code =
        [
            Of(LoadWord, Type, Context, 0),
            Of(Move, Access, Type),
            Of(ShiftRight, Access, number: 16),
            Of(And, Type, number: 0xFFFF),
            Of(LoadWord, Major, Context, 4),
            Of(LoadWord, Minor, Context, 8),
            Of(JumpIfNot, Access, offset: 2, number: AccessMakeNode),
            .. Answer(1),
            Of(JumpIfNot, Type, offset: (short)allowed.Sum(Length), number: TypeCharacter),
        ];
        foreach (CharacterDevice device in allowed)
        {
            code.Add(Of(JumpIfNot, Major, offset: (short)(Length(device) - 1), number: device.Major));
            if (device.Minor is int minor)
            {
                code.Add(Of(JumpIfNot, Minor, offset: 2, number: minor));
            }

            code.AddRange(Answer(1));
        }

        code.AddRange(Answer(0));
        return [.. code];
    }

    private static int Length(CharacterDevice device) => device.Minor is null ? 3 : 4;

    private static ulong[] Answer(int result) => [Of(MoveNumber, Result, number: result), Of(Exit)];

    private static ulong Of(byte operation, int to = 0, int from = 0, short offset = 0, int number = 0) =>
        operation | ((ulong)to << 8) | ((ulong)from << 12) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)number << 32);
}
