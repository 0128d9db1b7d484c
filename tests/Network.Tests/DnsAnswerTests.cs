using System.Net;

namespace Sleigh.Network.Tests;

public sealed class DnsAnswerTests
{
    private static readonly byte[] ToQuestion = [0xC0, 12];

    [Fact]
    public void Addresses_are_those_of_the_name_and_of_what_it_stands_for()
    {
        DnsAnswer answer = Read(new DnsMessage("a.example")
            .Address("other.example", "203.0.113.9")
            .Address("c.example", "203.0.113.7", 60).Address("c.example", "2001:db8::7", 0x8000_0001).Address("c.example", "203.0.113.7", 90)
            .Alias("b.example", "C.example").Alias("A.EXAMPLE", "b.example")
            .Record(Names.Bytes("c.example"), 16, [3, 1, 2, 3]).Record(Names.Bytes("c.example"), 1, [1, 2, 3], kind: 3));

        Assert.Equal(
            [new DnsAddress(IPAddress.Parse("203.0.113.7"), TimeSpan.FromSeconds(90)), new DnsAddress(IPAddress.Parse("2001:db8::7"), TimeSpan.Zero)],
            answer.Addresses);
        Assert.True(answer.HasOthers);
    }

    [Fact]
    public void What_is_kept_of_an_answer_can_be_read_again_and_is_no_longer_than_it_was()
    {
        byte[] whole = new DnsMessage("www.a.example").Record(ToQuestion, 5, [1, (byte)'b', 0xC0, 16])
            .Address([1, (byte)'b', 0xC0, 16], "203.0.113.7", 60).Address("b.a.example", "10.0.0.1").Address("x.example", "203.0.113.8").Bytes();
        DnsAnswer answer = Read(whole, "www.a.example");

        byte[] kept = answer.Keep(new HashSet<IPAddress> { IPAddress.Parse("203.0.113.7") });
        DnsAnswer again = Read(kept, "www.a.example");

        Assert.Equal([new DnsAddress(IPAddress.Parse("203.0.113.7"), TimeSpan.FromSeconds(60))], again.Addresses);
        Assert.False(again.HasOthers);
        Assert.True(kept.Length < whole.Length);
        Assert.Equal(whole[..6], kept[..6]);
        Assert.Equal(2, kept[7]);
        Assert.Equal([], Read(answer.Keep(new HashSet<IPAddress>()), "www.a.example").Addresses);

        // Word for word, so that a resolver of another make reads it too: an alias by the question's name, and the address by the alias's.
        Assert.Equal(
            [.. ToQuestion, 0, 5, 0, 1, 0, 0, 1, 44, 0, 4, 1, (byte)'b', 0xC0, 16, 0xC0, 43, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 7],
            kept[31..]);
    }

    [Fact]
    public void Aliases_in_a_circle_and_too_many_of_them_end()
    {
        Assert.Empty(Read(new DnsMessage("a.example").Alias("a.example", "b.example").Alias("b.example", "a.example")).Addresses);

        DnsMessage near = new("a.example"), far = new("a.example");
        for (int i = 0; i < 17; i++)
        {
            string owner = i == 0 ? "a.example" : $"n{i}.example";
            far.Alias(owner, $"n{i + 1}.example");
            _ = i < 16 ? near.Alias(owner, $"n{i + 1}.example") : near;
        }

        Assert.Single(Read(near.Address("n16.example", "203.0.113.7")).Addresses);
        DnsAnswer tooFar = Read(far.Address("n17.example", "203.0.113.7"));
        Assert.Empty(tooFar.Addresses);
        Assert.True(tooFar.HasOthers);
    }

    [Fact]
    public void What_answers_another_question_is_no_answer()
    {
        byte[] answer = new DnsMessage("a.example").Address(ToQuestion, "203.0.113.7").Bytes();

        Assert.NotNull(DnsAnswer.Read(answer, Asked("A.example")));
        Assert.Null(DnsAnswer.Read(answer, Asked("b.example")));
        Assert.Null(DnsAnswer.Read(answer, Asked("a.example", 28)));
        Assert.Null(DnsAnswer.Read(DnsMessage.Question("a.example"), Asked("a.example")));
        Assert.Null(DnsAnswer.Read(new DnsMessage("a.example", flags: 0xA9).Bytes(), Asked("a.example")));
        Assert.Null(DnsAnswer.Read([], Asked("a.example")));
    }

    [Theory]
    [InlineData(new byte[] { 0xC0, 29 })]
    [InlineData(new byte[] { 0xC0, 31 })]
    [InlineData(new byte[] { 1, 97, 0xC0, 29 })]
    [InlineData(new byte[] { 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x40, 0 })]
    [InlineData(new byte[] { 0x80, 0 })]
    [InlineData(new byte[] { 63 })]
    [InlineData(new byte[] { 0xC0 })]
    public void A_name_that_does_not_point_back_or_does_not_end_makes_an_answer_unreadable(byte[] owner)
    {
        // The question ends at 27: "a.example".
        byte[] answer = [.. new DnsMessage("a.example").Bytes(), .. owner];
        answer[7] = 1;

        Assert.Null(DnsAnswer.Read(answer, Asked("a.example")));
    }

    [Fact]
    public void Pointers_that_go_back_by_two_each_end_and_names_that_grow_too_long_are_refused()
    {
        // A record whose data are 200 pointers, each to the one before, and a name that begins at the last.
        List<byte> data = [1, (byte)'x', 0];
        DnsMessage chain = new("a.example");
        int start = chain.Bytes().Length + 1 + 10;
        for (int i = 0; i < 200; i++)
        {
            int to = i == 0 ? start : start + 3 + ((i - 1) * 2);
            data.AddRange([(byte)(0xC0 | (to >> 8)), (byte)to]);
        }

        int last = start + data.Count - 2, early = start + 3 + (100 * 2);
        chain.Record([0], 16, [.. data]);
        Assert.NotNull(DnsAnswer.Read(chain.Address([(byte)(0xC0 | (early >> 8)), (byte)early], "203.0.113.7").Bytes(), Asked("a.example")));
        Assert.Null(DnsAnswer.Read(chain.Address([(byte)(0xC0 | (last >> 8)), (byte)last], "203.0.113.7").Bytes(), Asked("a.example")));

        byte[] label = [63, .. Enumerable.Repeat((byte)'a', 63)];
        Assert.NotNull(DnsAnswer.Read(new DnsMessage("a.example").Address([.. label, .. label, .. label, 61, .. label[1..62], 0], "203.0.113.7").Bytes(), Asked("a.example")));
        Assert.Null(DnsAnswer.Read(new DnsMessage("a.example").Address([.. label, .. label, .. label, 62, .. label[1..63], 0], "203.0.113.7").Bytes(), Asked("a.example")));
    }

    [Fact]
    public void An_answer_that_is_cut_off_is_unreadable_unless_it_says_so()
    {
        byte[] whole = new DnsMessage("a.example").Address(ToQuestion, "203.0.113.7").Address(ToQuestion, "203.0.113.8").Bytes();
        int question = DnsMessage.Question("a.example").Length;
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.Null(DnsAnswer.Read(whole[..length], Asked("a.example")));
        }

        // Truncated (TC): what is there is taken, and the asker comes by TCP.
        byte[] truncated = [.. whole];
        truncated[2] |= 2;
        Assert.Single(DnsAnswer.Read(truncated[..^3], Asked("a.example"))!.Addresses);
        Assert.Empty(DnsAnswer.Read(truncated[..(question + 5)], Asked("a.example"))!.Addresses);
        Assert.Null(DnsAnswer.Read(new DnsMessage("a.example").Record(ToQuestion, 1, [1, 2, 3]).Bytes(), Asked("a.example")));
        Assert.Null(DnsAnswer.Read(new DnsMessage("a.example").Record(ToQuestion, 5, [1, 97, 0, 0]).Bytes(), Asked("a.example")));
    }

    [Fact]
    public void Whatever_bytes_come_are_read_or_refused_and_what_is_kept_is_readable()
    {
        Random random = new(20251130);
        byte[] whole = new DnsMessage("a.example").Alias("a.example", "b.example").Address("b.example", "203.0.113.7").Address("b.example", "10.0.0.1").Bytes();
        int readable = 0;
        for (int i = 0; i < 100_000; i++)
        {
            byte[] message = [.. whole];
            if (i % 4 == 0)
            {
                random.NextBytes(message.AsSpan(12));
            }

            for (int changes = random.Next(1, 5); changes > 0; changes--)
            {
                message[random.Next(i % 2 == 0 ? 0 : 27, message.Length)] = (byte)(random.Next(3) == 0 ? 0xC0 : random.Next(256));
            }

            message = message[..random.Next(message.Length - (i % 3), message.Length + 1)];
            _ = DnsQuestion.TryRead(message, out DnsQuestion asked);
            if (DnsAnswer.Read(message, asked) is DnsAnswer answer)
            {
                readable++;
                IPAddress[] kept = [.. answer.Addresses.Select(a => a.Address).Where(a => !a.Equals(IPAddress.Parse("10.0.0.1")))];
                DnsAnswer again = DnsAnswer.Read(answer.Keep(kept.ToHashSet()), asked)!;
                Assert.Equal(kept, again.Addresses.Select(a => a.Address));
                Assert.False(again.HasOthers);
            }
        }

        Assert.InRange(readable, 1_000, 99_000);
    }

    [Fact]
    public void A_false_answer_is_told_by_its_number_and_by_what_it_repeats()
    {
        byte[] question = DnsMessage.Question("a.example"), answer = new DnsMessage("a.example").Bytes(), other = new DnsMessage("b.example").Bytes();
        byte[] numbered = [.. answer], bare = [.. answer[..12]];
        numbered[1]++;
        (bare[3], bare[5]) = (0x81, 0);
        DnsQuestion asked = Asked("a.example");

        Assert.True(NameServers.Answers(answer, question, asked));
        Assert.False(NameServers.Answers(numbered, question, asked));
        Assert.False(NameServers.Answers(other, question, asked));
        Assert.False(NameServers.Answers(question, question, asked));
        Assert.False(NameServers.Answers(answer.AsSpan(0, 11), question, asked));

        // Some servers repeat nothing where they could not read the question.
        Assert.True(NameServers.Answers(bare, question, asked));
        bare[3] = 0x80;
        Assert.False(NameServers.Answers(bare, question, asked));
    }

    private static DnsQuestion Asked(string name, int type = 1)
    {
        Assert.True(DnsQuestion.TryRead(DnsMessage.Question(name, type), out DnsQuestion asked));
        return asked;
    }

    private static DnsAnswer Read(DnsMessage message) => Read(message.Bytes(), "a.example");

    private static DnsAnswer Read(byte[] message, string name) => DnsAnswer.Read(message, Asked(name)) ?? throw new FormatException("not readable");
}
