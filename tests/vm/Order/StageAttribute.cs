namespace Sleigh.VmTests.Order;

/// <summary>When the tests of a class run: the machine is installed once, used, and cleaned at the end.</summary>
/// <param name="number">Lower ones come first.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StageAttribute(int number) : Attribute
{
    public int Number { get; } = number;
}
