namespace Sleigh.VmTests.Machine;

/// <summary>The machine, or a command in it, did not do what was asked.</summary>
public sealed class GuestException(string message, Exception? cause = null) : Exception(message, cause);
