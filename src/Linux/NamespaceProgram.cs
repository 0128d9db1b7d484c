using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// A list of system calls to make inside another mount namespace. It is data, not code: between entering a container's
/// namespace and coming back, the thread runs nothing that .NET could want to compile, load from a file, log or throw.
/// Names are only ever looked up below descriptors. Run it once with <see cref="NamespaceThread.Run"/>.
/// </summary>
/// <remarks>Descriptors that the steps open are closed with the program, except those that were taken.</remarks>
public sealed unsafe class NamespaceProgram : IDisposable
{
    private readonly List<Step> _steps = [];
    private readonly List<string> _descriptions = [];
    private readonly List<SafeFileHandle> _borrowed = [];
    private readonly List<byte[]> _pinned = [];
    private Step[] _program = [];

    /// <summary>A descriptor for a step: one of the caller's, or what an earlier step will have opened.</summary>
    public readonly struct Operand
    {
        internal Operand(SafeFileHandle handle) => Handle = handle;

        internal Operand(int step) => StepIndex = step;

        internal SafeFileHandle? Handle { get; }

        internal int StepIndex { get; }

        /// <summary>A descriptor of the caller's.</summary>
        public static implicit operator Operand(SafeFileHandle handle) => FromHandle(handle);

        /// <summary>A descriptor of the caller's.</summary>
        public static Operand FromHandle(SafeFileHandle handle) => new(handle);
    }

    /// <summary>Whether to open the namespace's topmost root on the way in, for <see cref="TakeRoot"/>.</summary>
    public bool OpensRoot { get; init; }

    internal bool EntersUts { get; private set; }

    internal int RootDescriptor { get; set; } = -1;

    /// <summary>openat2 of a path below a directory, as a handle only, following no link.</summary>
    public Operand OpenPath(Operand directory, string path)
    {
        // struct open_how { flags, mode, resolve }
        byte[] how = Pin(3 * sizeof(ulong));
        Span<ulong> fields = MemoryMarshal.Cast<byte, ulong>(how.AsSpan());
        fields[0] = (uint)NativeOpenFlags.Of(OpenFlags.PathOnly | OpenFlags.NoFollow);
        fields[2] = (ulong)(ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks);
        return Add($"open '{path}'", SyscallNumber.OpenAt2, opens: true, directory, Text(path), Address(how), how.Length);
    }

    /// <summary>open_tree(2) with OPEN_TREE_CLONE and AT_RECURSIVE: a detached copy of a mount with all that lies on it.</summary>
    public Operand CloneTree(Operand directory, string path) =>
        Add(
            $"clone the mounts at '{path}'",
            SyscallNumber.OpenTree,
            opens: true,
            directory,
            Text(path),
            (int)(OpenTreeFlags.Clone | OpenTreeFlags.Recursive) | Mounts.OpenTreeCloseOnExec);

    /// <summary>mount_setattr(2): takes a mount and all below it out of their peer groups.</summary>
    public void MakePrivate(Operand mount)
    {
        byte[] attributes = Pin(4 * sizeof(ulong));
        MemoryMarshal.Cast<byte, ulong>(attributes.AsSpan())[2] = Mounts.PropagationPrivate;
        Add(
            "make mounts private",
            SyscallNumber.MountSetAttr,
            opens: false,
            mount,
            Text(""),
            Mounts.AtEmptyPath | Mounts.AtRecursive,
            Address(attributes),
            attributes.Length);
    }

    /// <summary>mount_setattr(2): nothing can be written through a mount; those below it stay as they are.</summary>
    public void MakeReadOnly(Operand mount)
    {
        byte[] attributes = Pin(4 * sizeof(ulong));
        MemoryMarshal.Cast<byte, ulong>(attributes.AsSpan())[0] = (ulong)MountAttributes.ReadOnly;
        Add("make a mount read-only", SyscallNumber.MountSetAttr, opens: false, mount, Text(""), Mounts.AtEmptyPath, Address(attributes), attributes.Length);
    }

    /// <summary>move_mount(2): puts a detached mount onto what another descriptor names.</summary>
    public void Attach(Operand mount, Operand target, string what) =>
        Add(
            $"attach {what}",
            SyscallNumber.MoveMount,
            opens: false,
            mount,
            Text(""),
            target,
            Text(""),
            Mounts.FromEmptyPath | Mounts.ToEmptyPath);

    /// <summary>umount2(2) with MNT_DETACH of the mount whose root the descriptor names, and of all on it.</summary>
    /// <remarks>By working directory and dot: umount2 of "/" would remount it read-only and say that all is well.</remarks>
    public void Detach(Operand root)
    {
        Add("enter the root to detach", SyscallNumber.FChDir, opens: false, root);
        Add("detach", SyscallNumber.Unmount2, opens: false, Text("."), 2);
    }

    /// <summary>sethostname(2) in a UTS namespace, which is left again on the way back.</summary>
    public void SetHostName(SafeFileHandle utsNamespace, string name)
    {
        EntersUts = true;
        Add("enter the UTS namespace", SyscallNumber.SetNamespace, opens: false, utsNamespace, NamespaceThread.NewUts);
        Add($"set the host name '{name}'", SyscallNumber.SetHostName, opens: false, Text(name), Encoding.UTF8.GetByteCount(name));
    }

    /// <summary>After a run: the descriptor a step opened, now the caller's.</summary>
    public SafeFileHandle Take(Operand opened)
    {
        ref Step step = ref _program[opened.StepIndex];
        if (step.Opens == 0 || step.Result < 0)
        {
            throw new InvalidOperationException($"'{_descriptions[opened.StepIndex]}' holds no descriptor to take");
        }

        SafeFileHandle handle = Descriptors.Own(step.Result);
        step.Result = -1;
        return handle;
    }

    /// <summary>After a run: the topmost root that was opened on the way in, now the caller's.</summary>
    public SafeFileHandle TakeRoot()
    {
        if (RootDescriptor < 0)
        {
            throw new InvalidOperationException("no root was opened");
        }

        SafeFileHandle handle = Descriptors.Own(RootDescriptor);
        RootDescriptor = -1;
        return handle;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ref Step step in _program.AsSpan())
        {
            if (step.Opens != 0 && step.Result >= 0)
            {
                Descriptors.Own(step.Result).Dispose();
                step.Result = -1;
            }
        }

        if (RootDescriptor >= 0)
        {
            TakeRoot().Dispose();
        }

        _borrowed.ForEach(handle => handle.DangerousRelease());
        _borrowed.Clear();
    }

    internal string Describe(int step) => _descriptions[step];

    /// <summary>The steps at an address that stays; results are written there.</summary>
    internal Step* Prepare(out int count)
    {
        if (_program.Length > 0)
        {
            throw new InvalidOperationException("a namespace program runs once");
        }

        _program = GC.AllocateArray<Step>(Math.Max(1, _steps.Count), pinned: true);
        _steps.CopyTo(_program);
        count = _steps.Count;
        return (Step*)Unsafe.AsPointer(ref _program[0]);
    }

    private Operand Add(string description, nint number, bool opens, params ReadOnlySpan<Argument> arguments)
    {
        var step = new Step { Number = number, Opens = opens ? 1 : 0, Result = -1 };
        for (int i = 0; i < arguments.Length; i++)
        {
            step.Arguments[i] = arguments[i].IsResult ? arguments[i].Value : Resolve(arguments[i]);
            step.ResultMask |= arguments[i].IsResult ? 1 << i : 0;
        }

        _steps.Add(step);
        _descriptions.Add(description);
        return new Operand(_steps.Count - 1);
    }

    private nint Resolve(Argument argument)
    {
        if (argument.Handle is not null)
        {
            Borrow(argument.Handle);
            return Descriptors.Number(argument.Handle);
        }

        return argument.Value;
    }

    private void Borrow(SafeFileHandle handle)
    {
        bool added = false;
        handle.DangerousAddRef(ref added);
        _borrowed.Add(handle);
    }

    private nint Text(string text)
    {
        ReadOnlySpan<byte> terminated = KernelPath.FromString(text).Terminated;
        byte[] pinned = Pin(terminated.Length);
        terminated.CopyTo(pinned);
        return Address(pinned);
    }

    private byte[] Pin(int length)
    {
        byte[] memory = GC.AllocateArray<byte>(length, pinned: true);
        _pinned.Add(memory);
        return memory;
    }

    private static nint Address(byte[] pinned) => (nint)Unsafe.AsPointer(ref pinned[0]);

    internal struct Step
    {
        public nint Number;
        public fixed long Arguments[5];
        public int ResultMask;
        public int Opens;
        public nint Result;
    }

    private readonly struct Argument
    {
        private Argument(nint value, SafeFileHandle? handle, bool isResult)
        {
            Value = value;
            Handle = handle;
            IsResult = isResult;
        }

        public nint Value { get; }

        public SafeFileHandle? Handle { get; }

        public bool IsResult { get; }

        public static implicit operator Argument(nint value) => new(value, null, false);

        public static implicit operator Argument(int value) => new(value, null, false);

        public static implicit operator Argument(SafeFileHandle handle) => new(0, handle, false);

        public static implicit operator Argument(Operand operand) =>
            operand.Handle is null ? new(operand.StepIndex, null, true) : new(0, operand.Handle, false);
    }
}
