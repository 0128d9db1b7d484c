using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Sleigh.IntegrationTests.Daemon.Telemetry;

/// <summary>A protobuf message by field numbers, for messages whose definitions this project does not hold.</summary>
internal sealed class WireMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public WireMessage(byte[] bytes)
    {
        CodedInputStream input = new(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            object value = WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadUInt64(),
                WireFormat.WireType.Fixed64 => input.ReadFixed64(),
                WireFormat.WireType.Fixed32 => (ulong)input.ReadFixed32(),
                WireFormat.WireType.LengthDelimited => input.ReadBytes().ToByteArray(),
                var type => throw new InvalidDataException($"wire type {type} in {bytes.Length} bytes"),
            };
            _fields.Add((WireFormat.GetTagFieldNumber(tag), value));
        }
    }

    public IEnumerable<WireMessage> Messages(int field) => _fields.Where(f => f.Field == field).Select(f => new WireMessage((byte[])f.Value));

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field));

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field));

    public ulong Number(int field) => _fields.Find(f => f.Field == field).Value as ulong? ?? 0;

    /// <summary>A list of <c>KeyValue</c>.</summary>
    public Dictionary<string, string> Attributes(int field) => Messages(field).ToDictionary(a => a.Text(1), a => AnyValue(a.Messages(2).Single()));

    private static string AnyValue(WireMessage value) => value._fields.Single() switch
    {
        (1, byte[] text) => Encoding.UTF8.GetString(text),
        (2, ulong truth) => truth == 1 ? "true" : "false",
        (3, ulong number) => ((long)number).ToString(CultureInfo.InvariantCulture),
        (4, ulong number) => BitConverter.UInt64BitsToDouble(number).ToString(CultureInfo.InvariantCulture),
        var (field, _) => throw new InvalidDataException($"an attribute of kind {field}"),
    };

    private byte[] Bytes(int field) => _fields.Find(f => f.Field == field).Value as byte[] ?? [];
}
