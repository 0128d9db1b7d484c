namespace Sleigh.Runtime.CodeWriting;

/// <summary>Ends a write that cannot be done, with what is answered for it.</summary>
internal sealed class WriteRefusedException(WriteFailure failure, Exception? cause = null) : Exception(failure.Error, cause)
{
    public WriteFailure Failure { get; } = failure;
}
