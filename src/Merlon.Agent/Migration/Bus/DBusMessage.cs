using System.Buffers.Binary;

namespace Merlon.Agent.Migration.Bus;

/// <summary>One D-Bus message ("Message Format"): a call, or the answer to one. Little-endian, without file descriptors.</summary>
internal sealed record DBusMessage(DBusMessageType Type, uint Serial)
{
    /// <summary>Of a whole message: QEMU sends at most 1 MiB of state at once.</summary>
    public const int MostBytes = 2 << 20;

    public const int FixedBytes = 16;

    private const byte LittleEndian = (byte)'l', ProtocolVersion = 1, NoReplyExpected = 1;
    private const byte PathField = 1, InterfaceField = 2, MemberField = 3, ErrorField = 4, ReplySerialField = 5, DestinationField = 6, SenderField = 7, SignatureField = 8;

    public bool WantsReply { get; init; } = true;
    public string Path { get; init; } = "";
    public string Interface { get; init; } = "";
    public string Member { get; init; } = "";
    public string Error { get; init; } = "";
    public string Destination { get; init; } = "";
    public string Sender { get; init; } = "";
    public string Signature { get; init; } = "";
    public uint ReplySerial { get; init; }
    public byte[] Body { get; init; } = [];

    /// <summary>Length of the whole message that begins with these 16 bytes; throws <see cref="FormatException"/>.</summary>
    public static int LengthOf(ReadOnlySpan<byte> start)
    {
        if (start[0] != LittleEndian || start[3] != ProtocolVersion) throw new FormatException("D-Bus: no message of version 1, little-endian");
        var (body, fields) = (BinaryPrimitives.ReadUInt32LittleEndian(start[4..]), BinaryPrimitives.ReadUInt32LittleEndian(start[12..]));
        if (body > MostBytes || fields > MostBytes) throw new FormatException("D-Bus: a message that is too long");
        var length = FixedBytes + (((long)fields + 7) & ~7L) + body;
        return length <= MostBytes ? (int)length : throw new FormatException("D-Bus: a message that is too long");
    }

    /// <summary>Throws <see cref="FormatException"/>.</summary>
    /// <param name="whole">Of the length that <see cref="LengthOf"/> says.</param>
    public static DBusMessage Read(ReadOnlySpan<byte> whole)
    {
        var bodyLength = (int)BinaryPrimitives.ReadUInt32LittleEndian(whole[4..]);
        var message = new DBusMessage((DBusMessageType)whole[1], BinaryPrimitives.ReadUInt32LittleEndian(whole[8..]))
        {
            WantsReply = (whole[2] & NoReplyExpected) == 0,
            Body = whole[^bodyLength..].ToArray(),
        };
        var end = FixedBytes + (int)BinaryPrimitives.ReadUInt32LittleEndian(whole[12..]);
        var reader = new DBusReader(whole[..end]);
        while (reader.At < FixedBytes) reader.Byte();
        while (!reader.IsAtEnd)
        {
            reader.Align(8);
            message = message.With(reader.Byte(), ref reader);
        }
        return message;
    }

    public byte[] ToArray()
    {
        var writer = new DBusWriter().Byte(LittleEndian).Byte((byte)Type).Byte(WantsReply ? (byte)0 : NoReplyExpected).Byte(ProtocolVersion)
            .UInt32((uint)Body.Length).UInt32(Serial).Array(8, fields =>
            {
                Field(fields, PathField, "o", Path);
                Field(fields, InterfaceField, "s", Interface);
                Field(fields, MemberField, "s", Member);
                Field(fields, ErrorField, "s", Error);
                if (ReplySerial != 0) fields.Align(8).Byte(ReplySerialField).Signature("u").UInt32(ReplySerial);
                Field(fields, DestinationField, "s", Destination);
                Field(fields, SenderField, "s", Sender);
                if (Signature.Length > 0) fields.Align(8).Byte(SignatureField).Signature("g").Signature(Signature);
            }).Align(8);
        return [.. writer.ToArray(), .. Body];
    }

    private static void Field(DBusWriter fields, byte code, string type, string text)
    {
        if (text.Length > 0) fields.Align(8).Byte(code).Signature(type).String(text);
    }

    // Fields of other codes are left alone, as the specification wants; their type must be one of those that fields have.
    private DBusMessage With(byte code, ref DBusReader reader)
    {
        var type = reader.Signature();
        var text = type is "s" or "o" ? reader.String() : type == "g" ? reader.Signature() : "";
        var number = type == "u" ? reader.UInt32() : 0;
        if (type is not ("s" or "o" or "g" or "u")) throw new FormatException($"D-Bus: a header field of type '{type}'");
        return code switch
        {
            PathField => this with { Path = text },
            InterfaceField => this with { Interface = text },
            MemberField => this with { Member = text },
            ErrorField => this with { Error = text },
            ReplySerialField => this with { ReplySerial = number },
            DestinationField => this with { Destination = text },
            SenderField => this with { Sender = text },
            SignatureField => this with { Signature = text },
            _ => this,
        };
    }
}
