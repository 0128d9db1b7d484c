using System.Globalization;

namespace Sleigh.Linux;

/// <summary>CPUs by their numbers, in the kernel's own list format: <c>0-1,4</c>. Never empty.</summary>
public sealed class CpuSet : IEquatable<CpuSet>
{
    // The most that a kernel is built for (CONFIG_NR_CPUS).
    private const int Most = 8192;

    private CpuSet(int[] numbers) => Numbers = numbers;

    /// <summary>The numbers, rising.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>A set of at least one.</summary>
    /// <exception cref="ArgumentException">There is none, or one that no kernel has.</exception>
    public static CpuSet Of(IEnumerable<int> numbers)
    {
        int[] sorted = [.. numbers.Distinct().Order()];
        return sorted.Length > 0 && sorted[0] >= 0 && sorted[^1] < Most
            ? new CpuSet(sorted)
            : throw new ArgumentException($"'{string.Join(',', sorted)}' is no set of CPUs", nameof(numbers));
    }

    /// <summary>Reads a list such as <c>/sys/devices/system/cpu/online</c>.</summary>
    /// <exception cref="FormatException">It is no such list.</exception>
    public static CpuSet Parse(string text)
    {
        List<int> numbers = [];
        foreach (string part in text.Trim().Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || last < first)
            {
                throw new FormatException($"'{text}' is no list of CPUs");
            }

            numbers.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return Of(numbers);
    }

    /// <summary>Where a process may run: sched_getaffinity(2), of its main thread.</summary>
    /// <exception cref="KernelException">The process is gone.</exception>
    public static unsafe CpuSet OfProcess(int processId)
    {
        byte[] mask = new byte[Most / 8];
        fixed (byte* bytes = mask)
        {
            // The call gives the bytes that the kernel has written.
            nint length = Syscall.Invoke(SyscallNumber.SchedGetAffinity, processId, mask.Length, (nint)bytes);
            return length > 0
                ? Of(Enumerable.Range(0, (int)length * 8).Where(number => (mask[number / 8] >> (number % 8) & 1) != 0))
                : throw KernelException.Last("read the CPUs of process", processId.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>
    /// Lets a process run on these only: sched_setaffinity(2), of its main thread; what it starts from then on inherits that. It may undo it.
    /// </summary>
    /// <exception cref="KernelException">The process is gone, or CAP_SYS_NICE is missing.</exception>
    public unsafe void BindProcess(int processId)
    {
        byte[] mask = new byte[(Numbers[^1] / 64 + 1) * 8];
        foreach (int number in Numbers)
        {
            mask[number / 8] |= (byte)(1 << (number % 8));
        }

        fixed (byte* bytes = mask)
        {
            if (Syscall.Invoke(SyscallNumber.SchedSetAffinity, processId, mask.Length, (nint)bytes) < 0)
            {
                throw KernelException.Last($"set the CPUs {this} of process", processId.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    /// <inheritdoc/>
    public bool Equals(CpuSet? other) => other is not null && Numbers.SequenceEqual(other.Numbers);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CpuSet);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Numbers.Count, Numbers[0], Numbers[^1]);

    /// <summary>In the kernel's format.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        for (int i = 0; i < Numbers.Count;)
        {
            int end = i;
            while (end + 1 < Numbers.Count && Numbers[end + 1] == Numbers[end] + 1)
            {
                end++;
            }

            parts.Add(end == i
                ? Numbers[i].ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{Numbers[i]}-{Numbers[end]}"));
            i = end + 1;
        }

        return string.Join(',', parts);
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < Most;
}
