using FsCheck;
using FsCheck.Fluent;
using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

/// <summary>Edits of thousands of made-up files; the seeds are fixed.</summary>
public sealed class ContextEditPropertyTests
{
    // Few different bytes, so that texts match, overlap and nearly match.
    private static readonly Gen<byte> Letter = Gen.Frequency(
        (12, Gen.Elements((byte)'a', (byte)'b')), (2, Gen.Constant((byte)'\n')), (1, Gen.Elements((byte)0xFF, (byte)0xC3, (byte)0)));

    private static readonly Gen<Case> Cases =
        from size in Gen.Choose(0, 60)
        from file in Gen.ArrayOf(Letter, size)
        from oldSize in Gen.Choose(1, 4)
        from old in Gen.ArrayOf(Letter, oldSize)
        from newSize in Gen.Choose(0, 5)
        from replacement in Gen.ArrayOf(Letter, newSize)
        from beforeSize in Gen.Choose(0, 2)
        from before in Gen.ArrayOf(Letter, beforeSize)
        from afterSize in Gen.Choose(0, 2)
        from after in Gen.ArrayOf(Letter, afterSize)
        from occurrence in Gen.Choose(-1, 6)
        select new Case(file, new ContextEdit(old, replacement) { Before = before, After = after, Occurrence = occurrence });

    [Fact]
    public void It_agrees_with_a_search_that_compares_at_every_place()
    {
        Dictionary<string, int> seen = [];
        foreach ((byte[] file, ContextEdit edit) in Cases.Sample(30_000, new Rnd(20_260_105UL), 50))
        {
            ContextEditOutcome outcome = edit.Apply(file);
            byte[] pattern = [.. edit.Before.Span, .. edit.OldText.Span, .. edit.After.Span];
            int[] places = [.. Enumerable.Range(0, Math.Max(0, file.Length - pattern.Length + 1)).Where(i => file.AsSpan(i).StartsWith(pattern))];
            int wanted = (int)Math.Max(1, edit.Occurrence);
            if (places.Length == 0)
            {
                Assert.IsType<ContextEditOutcome.NoMatch>(outcome);
            }
            else if (edit.Occurrence > places.Length || (edit.Occurrence <= 0 && places.Length > 1))
            {
                ContextEditOutcome.Unclear unclear = Assert.IsType<ContextEditOutcome.Unclear>(outcome);
                Assert.Equal((edit.Occurrence > 0 ? edit.Occurrence : (long?)null, places.Length), (unclear.Occurrence, unclear.Matches));
                Assert.Equal(places.Take(20).Select(p => 1 + file.Take(p + edit.Before.Length).Count(b => b == '\n')), unclear.Lines);
            }
            else
            {
                ContextEditOutcome.Applied applied = Assert.IsType<ContextEditOutcome.Applied>(outcome);
                int at = places[wanted - 1] + edit.Before.Length;
                Assert.Equal((byte[])[.. file[..at], .. edit.NewText.Span, .. file[(at + edit.OldText.Length)..]], applied.File);
                Assert.Equal((wanted, places.Length), (applied.Occurrence, applied.Matches));
            }

            string kind = outcome.GetType().Name;
            seen[kind] = seen.GetValueOrDefault(kind) + 1;
        }

        Assert.All((string[])["Applied", "NoMatch", "Unclear"], kind => Assert.True(seen.GetValueOrDefault(kind) > 1000, $"{kind}: {seen.GetValueOrDefault(kind)}"));
    }

    [Fact]
    public void The_way_back_gives_the_old_bytes_and_nothing_outside_the_text_is_touched()
    {
        int applied = 0;
        foreach ((byte[] file, ContextEdit edit) in Cases.Sample(30_000, new Rnd(7UL), 50))
        {
            byte[] given = [.. file];
            if (edit.Apply(file) is not ContextEditOutcome.Applied there)
            {
                Assert.Equal(given, file);
                continue;
            }

            Assert.Equal(given, file);
            Assert.Equal(file.Length - edit.OldText.Length + edit.NewText.Length, there.File.Length);
            int start = Enumerable.Range(0, file.Length - edit.OldText.Length + 1).First(i =>
                file.AsSpan(i).StartsWith(edit.OldText.Span) && there.File.AsSpan(i).StartsWith(edit.NewText.Span)
                && file.AsSpan(0, i).SequenceEqual(there.File.AsSpan(0, i))
                && file.AsSpan(i + edit.OldText.Length).SequenceEqual(there.File.AsSpan(i + edit.NewText.Length)));

            // Anchored to both ends of the file, the way back is not ambiguous, and an empty new text is no text to look for.
            ContextEdit back = edit.NewText.IsEmpty
                ? new ContextEdit(there.File.Length == 0 ? new byte[1] : there.File, file)
                : new ContextEdit(edit.NewText, edit.OldText) { Before = there.File.AsMemory(0, start), After = there.File.AsMemory(start + edit.NewText.Length) };
            if (there.File.Length > 0)
            {
                Assert.Equal(file, Assert.IsType<ContextEditOutcome.Applied>(back.Apply(there.File)).File);
            }

            applied++;
        }

        Assert.True(applied > 1000, $"{applied} applied");
    }

    private sealed record Case(byte[] File, ContextEdit Edit);
}
