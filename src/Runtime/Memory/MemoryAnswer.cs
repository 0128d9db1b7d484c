namespace Sleigh.Runtime.Memory;

/// <summary>A question that people ask about a sandbox's memory, and what can be said from what was read.</summary>
/// <param name="Question">The question, with a question mark.</param>
/// <param name="Answer">Plain sentences with figures.</param>
public sealed record MemoryAnswer(string Question, string Answer);
